import { type ShellLine, sh, words } from '../shell.ts'
import type { Trust } from './https.ts'
import { placeOf } from './place.ts'

/** What curl takes to reach a host where the environment says, and to trust whom the environment trusts. */
export const reaching = (host: string, port: number, { hostaddr, caFile }: Trust): readonly string[] => {
  const place = placeOf(host, port, hostaddr)
  const elsewhere = place.host !== host || place.port !== port
  return [
    ...(caFile === undefined ? [] : ['--cacert', caFile]),
    ...(elsewhere ? ['--connect-to', `${host}:${port}:${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`] : []),
  ]
}

/** Puts into the script's `code` what a GET with the token of a file is answered with; the token goes in by curl's configuration on standard input. */
export const statusWith = (file: string, url: string, trust: Trust): ShellLine => {
  const { hostname, port } = new URL(url)
  const options = [...reaching(hostname, Number(port || 443), trust), url]
  return sh`code=$({ printf 'header = "Authorization: Bearer '; sed ${'s/[\\\\"]/\\\\&/g'} ${file} | tr -d '\\r\\n'; printf '"\\n'; } | curl -sS --max-time 30 -o /dev/null -w '%{http_code}' -K - ${words(options)})`
}

/** curl for a host at 443. */
export const curlTo = (host: string, trust: Trust): ShellLine => {
  const options = reaching(host, 443, trust)
  return options.length === 0 ? sh`curl -sS --max-time 30` : sh`curl -sS --max-time 30 ${words(options)}`
}
