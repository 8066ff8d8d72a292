import type { OriginAnswer } from './types.ts'

const seconds = 5

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/**
 * Asks the node's own 443 for each URL, from the node itself, because the firewall lets in Cloudflare alone.
 * The certificate is not held against anything here (-k): it is the Origin CA's, which no machine trusts of itself.
 */
export const originCommand = (urls: readonly string[]): string => {
  const asks = urls.map((url) => {
    const { hostname } = new URL(url)
    const curl = `curl -sk -o /dev/null -m ${seconds} -w '%{http_code} %{time_total}' --resolve ${quoted(`${hostname}:443:127.0.0.1`)} ${quoted(url)}`
    return `{ said=$(${curl}); echo "$? $said ${url.replaceAll(/[^\w./:?=&%-]/g, '')}"; } &`
  })
  return `/bin/sh -c ${quoted(`${asks.join('\n')}\nwait\n`)}`
}

/** curl's exit codes that say where it ended. */
const reasons: Readonly<Record<number, string>> = {
  7: 'nothing listens on its port 443',
  28: `no answer within ${seconds} s`,
  35: 'the TLS handshake failed',
  52: 'the connection was closed without an answer',
  56: 'the connection was cut',
  127: 'there is no curl on the node',
}

/** Reads what the command printed, in the order asked; a URL without a line was not answered for. */
export const readOrigin = (stdout: string, urls: readonly string[]): readonly OriginAnswer[] => {
  const lines = stdout.split('\n').map((line) => line.trim().split(/\s+/))
  return urls.map((url): OriginAnswer => {
    const line = lines.find((words) => words.at(-1) === url)
    const [exit, status, took] = (line ?? []).map(Number)
    if (exit === 0 && status !== undefined && took !== undefined) return { url, status, latencyMs: took * 1000 }
    return { url, because: exit === undefined ? 'it was not asked' : (reasons[exit] ?? `curl exited with ${exit}`) }
  })
}

/** Established connections to a TCP port of the node, one a line. */
export const connectionsCommand = (port: number): string => `ss -Htn state established '( sport = :${port} )' | wc -l`
