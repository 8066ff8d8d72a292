import type { OriginAnswer } from './types.ts'

const seconds = 5

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/**
 * Asks the node's own 443 for each URL, from the node itself, because the firewall lets in Cloudflare alone.
 * The certificate is not held against anything here (-k): it is the Origin CA's, which no machine trusts of itself.
 */
export const originScript = (urls: readonly string[]): string => {
  const resolve = [...new Set(urls.map((url) => new URL(url).hostname))].map((host) => `--resolve ${quoted(`${host}:443:127.0.0.1`)}`)
  const asked = urls.map((url) => `-o /dev/null ${quoted(url)}`)
  const curl = [
    'curl',
    '-sk',
    '-Z',
    `-m ${seconds}`,
    "-w '%{urlnum} %{exitcode} %{http_code} %{time_total}\\n'",
    ...resolve,
    ...asked,
  ].join(' ')
  return `${curl}; echo end $?`
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

/** Reads what the script printed, in the order asked. */
export const readOrigin = (stdout: string, urls: readonly string[]): readonly OriginAnswer[] => {
  const lines = stdout
    .split('\n')
    .filter((line) => /^(\d+ \d+ \d+ [\d.]+|end \d+)$/.test(line))
    .map((line) => line.split(' '))
  const [, end] = lines.find(([word]) => word === 'end') ?? []
  return urls.map((url, i): OriginAnswer => {
    const [, exit, status, took] = (lines.find(([number]) => number === String(i)) ?? []).map(Number)
    if (exit === 0 && status !== undefined && took !== undefined) return { url, status, latencyMs: took * 1000 }
    const code = exit ?? Number(end ?? -1)
    return { url, because: reasons[code] ?? `curl exited with ${code}` }
  })
}

/** Counts the established connections to a TCP port of the node. */
export const connectionsScript = (port: number): string =>
  `open=$(ss -Htn state established '( sport = :${port} )') || exit\nprintf 'open %s\\n' "$(printf '%s' "$open" | grep -c .)"`

/** Reads what the script printed; undefined when it printed no number. */
export const readConnections = (stdout: string): number | undefined => {
  const [, count] = /^open (\d+)$/m.exec(stdout) ?? []
  return count === undefined ? undefined : Number(count)
}
