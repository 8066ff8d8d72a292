/** PostgreSQL's message format, version 3: one type byte (absent in the first message), a length that counts itself, the body. */
export interface Message {
  readonly type: string
  readonly body: Buffer
}

export const sslRequest = 80877103
export const cancelRequest = 80877102
export const gssRequest = 80877104

/** Splits a stream of messages; a message longer than 64 MiB ends it with an error. */
export const splitter = (): ((chunk: Buffer) => Message[]) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const messages: Message[] = []
    while (rest.length >= 5) {
      const length = rest.readInt32BE(1)
      if (length < 4 || length > 64 * 1024 * 1024) throw new Error('invalid message length')
      if (rest.length < length + 1) break
      messages.push({ type: String.fromCharCode(rest[0] ?? 0), body: rest.subarray(5, length + 1) })
      rest = rest.subarray(length + 1)
    }
    return messages
  }
}

export const message = (type: string, body: Buffer | string = ''): Buffer => {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([head, bytes])
}

export const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4)
  buffer.writeInt32BE(value)
  return buffer
}

/** Each text with its closing zero. */
export const texts = (...values: readonly string[]): Buffer => Buffer.from(values.map((value) => `${value}\0`).join(''))

/** The zero-terminated text at `at`, and where the next thing stands. */
export const textAt = (body: Buffer, at: number): { readonly text: string; readonly next: number } => {
  const end = body.indexOf(0, at)
  return end < 0 ? { text: body.toString('utf8', at), next: body.length } : { text: body.toString('utf8', at, end), next: end + 1 }
}

export const errorResponse = (code: string, text: string, severity = 'FATAL'): Buffer =>
  message('E', Buffer.concat([texts(`S${severity}`, `V${severity}`, `C${code}`, `M${text}`), Buffer.from([0])]))

/** A startup message's parameters; undefined when it is not protocol 3. */
export const startupParameters = (body: Buffer): Map<string, string> | undefined => {
  if (body.readInt32BE(0) >> 16 !== 3) return undefined
  const parameters = new Map<string, string>()
  for (let at = 4; at < body.length - 1; ) {
    const name = textAt(body, at)
    const value = textAt(body, name.next)
    parameters.set(name.text, value.text)
    at = value.next
  }
  return parameters
}

export const startup = (parameters: Readonly<Record<string, string>>): Buffer => {
  const body = Buffer.concat([int32(3 << 16), texts(...Object.entries(parameters).flat()), Buffer.from([0])])
  return Buffer.concat([int32(body.length + 4), body])
}
