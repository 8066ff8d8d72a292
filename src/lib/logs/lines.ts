/** A line as the API server sent it: `at` sorts as its time does. */
export interface Stamped {
  /** UTC, to the nanosecond: `2026-06-03T22:14:07.123456789`. */
  readonly at: string
  readonly text: string
  /** Bytes that the line had beyond what is kept. */
  readonly more: number
}

/** What stands between the lines of a log without a time: the kubelet's own words, such as why there is no log. */
export interface Remark {
  readonly remark: string
}

/** So much of one line is held, in bytes: enough to know what a JSON line says and which secrets are in it. */
const held = 64 * 1024

const lineBreak = 0x0a

/** Cuts a log into lines as its bytes come. Holds no more than one line, and of that no more than 64 KiB. */
export const lineCutter = () => {
  let begun: Buffer[] = []
  let length = 0
  let over = 0
  const keep = (piece: Buffer) => {
    const room = Math.max(0, held - length)
    // A copy: a view would hold the whole piece that came.
    if (room > 0) begun.push(Buffer.from(piece.subarray(0, room)))
    length += Math.min(room, piece.length)
    over += Math.max(0, piece.length - room)
  }
  const take = (): Stamped | Remark => {
    const line = Buffer.concat(begun).toString()
    const made = stamped(over > 0 ? line.replace(/\uFFFD+$/, '') : line, over)
    begun = []
    length = 0
    over = 0
    return made
  }
  return {
    push: (chunk: Buffer): readonly (Stamped | Remark)[] => {
      const lines: (Stamped | Remark)[] = []
      let from = 0
      for (let to = chunk.indexOf(lineBreak); to >= 0; to = chunk.indexOf(lineBreak, from)) {
        const piece = chunk.subarray(from, to)
        from = to + 1
        if (length > 0 || over > 0 || piece.length > held) {
          keep(piece)
          lines.push(take())
        } else lines.push(stamped(piece.toString(), 0))
      }
      if (from < chunk.length) keep(chunk.subarray(from))
      return lines
    },
    /** What came after the last line break. */
    end: (): readonly (Stamped | Remark)[] => (length > 0 || over > 0 ? [take()] : []),
  }
}

const withTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)(?: |$)/

const stamped = (line: string, more: number): Stamped | Remark => {
  const [whole, second = '', fraction = '', zone] = withTime.exec(line) ?? []
  if (whole === undefined) return { remark: line }
  const at = `${zone === 'Z' ? second : inUtc(`${second}${zone}`)}.${fraction.padEnd(9, '0')}`
  return { at, text: line.slice(whole.length), more }
}

/** A node whose clock is set to another zone writes its times in it. */
const inUtc = (time: string): string => {
  const parsed = new Date(time)
  return Number.isNaN(parsed.getTime()) ? time.slice(0, 19) : parsed.toISOString().slice(0, 19)
}
