import { type ShellLine, sh, words } from '../shell.ts'
import type { Trust } from './https.ts'
import { placeOf } from './place.ts'

/** curl with what it takes to reach a host where the environment says, and to trust whom the environment trusts. */
export const curlTo = (host: string, { hostaddr, caFile }: Trust): ShellLine => {
  const place = placeOf(host, 443, hostaddr)
  const elsewhere = place.host !== host || place.port !== 443
  const options = [
    ...(caFile === undefined ? [] : ['--cacert', caFile]),
    ...(elsewhere ? ['--connect-to', `${host}:443:${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`] : []),
  ]
  return options.length === 0 ? sh`curl -sS --max-time 30` : sh`curl -sS --max-time 30 ${words(options)}`
}
