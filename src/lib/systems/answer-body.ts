import type { IncomingMessage } from 'node:http'

/** An answer's text; what is longer than anything that its system says, in bytes, ends it. */
export const bodyOf = async (response: IncomingMessage, most: number): Promise<string> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > most) throw Object.assign(new Error('the answer is too long'), { code: 'EMSGSIZE' })
  }
  return Buffer.concat(chunks).toString()
}

/** Undefined where it is no JSON. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
