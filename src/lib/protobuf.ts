/** Fields of one protobuf message by number, in the order they came: a bigint for a varint, bytes for everything else. */
export type Fields = ReadonlyMap<number, readonly (bigint | Buffer)[]>

const tooShort = new Error('the message ends in the middle of a field')

const varintAt = (bytes: Buffer, from: number): { readonly value: bigint; readonly next: number } => {
  let value = 0n
  for (let at = from, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    const byte = bytes[at] ?? 0
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return { value: BigInt.asIntN(64, value), next: at + 1 }
  }
  throw tooShort
}

const sliceOf = (bytes: Buffer, from: number, length: number): Buffer => {
  if (length < 0 || from + length > bytes.length) throw tooShort
  return bytes.subarray(from, from + length)
}

/** Takes a message apart; undefined for bytes that are none. */
export const fieldsOf = (bytes: Buffer): Fields | undefined => {
  const found = new Map<number, (bigint | Buffer)[]>()
  try {
    for (let at = 0; at < bytes.length; ) {
      const tag = varintAt(bytes, at)
      const [number, kind] = [Number(tag.value >> 3n), Number(tag.value & 7n)]
      if (number === 0) return undefined
      at = tag.next
      let value: bigint | Buffer
      if (kind === 0) {
        const read = varintAt(bytes, at)
        value = read.value
        at = read.next
      } else {
        const length = kind === 2 ? varintAt(bytes, at) : { value: kind === 1 ? 8n : kind === 5 ? 4n : -1n, next: at }
        value = sliceOf(bytes, length.next, Number(length.value))
        at = length.next + value.length
      }
      found.set(number, [...(found.get(number) ?? []), value])
    }
    return found
  } catch (error) {
    if (error === tooShort) return undefined
    throw error
  }
}

/** The last value of a text field, as proto3 reads it: '' where it is not there. */
export const textField = (fields: Fields, number: number): string => {
  const value = fields.get(number)?.at(-1)
  return Buffer.isBuffer(value) ? value.toString('utf8') : ''
}

/** The last value of a number field: 0 where it is not there. */
export const numberField = (fields: Fields, number: number): number => {
  const value = fields.get(number)?.at(-1)
  return typeof value === 'bigint' ? Number(value) : 0
}

const varint = (value: bigint): readonly number[] => {
  const bytes: number[] = []
  for (let left = BigInt.asUintN(64, value); ; left >>= 7n) {
    if (left < 0x80n) return [...bytes, Number(left)]
    bytes.push(Number(left & 0x7fn) | 0x80)
  }
}

/** Puts a message together; zeros and empty texts are left out, as proto3 does. */
export const messageOf = (fields: readonly (readonly [number, number | string | Buffer])[]): Buffer =>
  Buffer.concat(
    fields.flatMap(([number, value]) => {
      if (value === 0 || value.valueOf() === '') return []
      if (typeof value === 'number') return [Buffer.from([...varint(BigInt(number << 3)), ...varint(BigInt(value))])]
      const bytes = typeof value === 'string' ? Buffer.from(value) : value
      return [Buffer.from([...varint(BigInt((number << 3) | 2)), ...varint(BigInt(bytes.length))]), bytes]
    }),
  )
