import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'

/** Systems that are spoken to in HTTP, one request for each write. */
export const overHttp: ReadonlySet<string> = new Set(['kube', 'cloudflare', 'neon'])

/** Writes of several objects, one request for each. */
export const ofSeveral: ReadonlySet<string> = new Set(['drain'])

const started = 'http.client.request.start'
const answered = 'http.client.response.finish'
const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Posts that ask, and change nothing: who may do what, and what the server would make of a change. */
const asks = /\/selfsubject\w*reviews$|[?&]dryRun=All\b/

/** Does it, and says every request that this process sent meanwhile and that may change something, as Node sent it; `refused`: those that were not taken. */
export const changing = async <T>(
  act: () => Promise<T>,
): Promise<{ readonly result: T; readonly sent: readonly string[]; readonly refused: readonly string[] }> => {
  const sent: string[] = []
  const refused: string[] = []
  const said = ({ method, path }: ClientRequest): string | undefined =>
    reading.has(method) || asks.test(path) ? undefined : `${method} ${path}`
  const starts = (message: unknown): void => {
    const one = said((message as { readonly request: ClientRequest }).request)
    if (one !== undefined) sent.push(one)
  }
  const ends = (message: unknown): void => {
    const { request, response } = message as { readonly request: ClientRequest; readonly response: IncomingMessage }
    const one = said(request)
    if (one !== undefined && (response.statusCode ?? 0) >= 400) refused.push(one)
  }
  subscribe(started, starts)
  subscribe(answered, ends)
  try {
    return { result: await act(), sent, refused }
  } finally {
    unsubscribe(started, starts)
    unsubscribe(answered, ends)
  }
}
