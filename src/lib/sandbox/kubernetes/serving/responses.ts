import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { stringify } from 'yaml'
import { PlainError, StatusError } from '../status.ts'

/** From how many bytes on the API server compresses an answer for who takes one. */
const worthCompressing = 128 * 1024

/** Answers with JSON (or YAML) of whatever code; warnings travel as headers. */
export function answer(
  response: ServerResponse,
  code: number,
  body: unknown,
  options: { readonly warnings?: readonly string[]; readonly yaml?: boolean; readonly type?: string } = {},
): void {
  if (response.headersSent) return void response.end()
  const warnings = (options.warnings ?? []).map((text) => `299 - ${JSON.stringify(text).replace(/[^\x20-\x7e]/g, '?')}`)
  if (warnings.length > 0) response.setHeader('Warning', warnings)
  const text = Buffer.from(options.yaml ? stringify(body) : `${JSON.stringify(body)}\n`)
  const { method, headers } = response.req
  const compressed = method === 'GET' && text.length > worthCompressing && /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''))
  const sent = compressed ? gzipSync(text, { level: 1 }) : text
  response.writeHead(code, {
    'Content-Type': options.yaml ? 'application/yaml' : (options.type ?? 'application/json'),
    ...(compressed ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {}),
    'Content-Length': sent.length,
    'Cache-Control': 'no-cache, private',
  })
  response.end(sent)
}

export function answerText(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': Buffer.byteLength(text) })
  response.end(text)
}

/** Answers with a failure; what is no StatusError is a bug of ours and says so. */
export function answerError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  if (error instanceof PlainError) return void answerText(response, error.code, `${error.message}\n`)
  const failure =
    error instanceof StatusError
      ? error
      : new StatusError(500, 'InternalError', `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`, {
          causes: [{ message: String(error) }],
        })
  if (failure.details?.retryAfterSeconds !== undefined) response.setHeader('Retry-After', String(failure.details.retryAfterSeconds))
  answer(response, failure.code, failure.body(), { warnings: failure.warnings })
}
