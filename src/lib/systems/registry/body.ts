import type { IncomingMessage } from 'node:http'

/** No list of tags is longer, and no manifest. */
const mostBytes = 4 * 1024 * 1024

/** An answer's text; what is longer than anything that a registry says ends it. */
export const textOf = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    length += (chunk as Buffer).length
    if (length > mostBytes) throw Object.assign(new Error('the answer is too long'), { code: 'EPROTO' })
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

/** Its head alone is of interest. */
export const ended = (response: IncomingMessage): IncomingMessage => response.on('error', () => {}).destroy()
