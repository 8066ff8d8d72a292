import type { ServedCertificate } from './types.ts'

const mark = '== '
const seconds = 5

/** Coreutils and BusyBox have `timeout`; a machine without it is asked without a limit of its own. */
export const limited = (limit: number): string =>
  `limited() { if command -v timeout >/dev/null; then timeout ${limit} "$@"; else "$@"; fi; }`

/**
 * Shakes hands with the node's own 443 once for each name, all at once, from the node itself; prints each certificate after its name. `limit` in seconds: a port
 * that takes connections and says nothing costs its name alone, and leaves nothing running there.
 */
export const servedScript = (names: readonly string[], limit = seconds): string => {
  const asks = names.map((name) => {
    const safe = name.replaceAll(/[^\w.*-]/g, '')
    // Cut out by the shell itself: a second process for each name would cost as much as the handshake.
    const cut = `pem=\${said#*-----BEGIN}; pem=\${pem%%-----END CERT*}`
    // Whom the node trusts is not asked: reading its authorities would take four times as long as the rest.
    const shake = `said=$(limited openssl s_client -no-CAfile -no-CApath -connect 127.0.0.1:443 -servername ${safe} </dev/null 2>/dev/null)`
    return `{ ${shake}; ${cut}; printf '%s\\n-----BEGIN%s-----END CERTIFICATE-----\\n' '${mark}${safe}' "$pem"; } &`
  })
  return `command -v openssl >/dev/null || { echo 'there is no openssl' >&2; exit 127; }\n${limited(limit)}\n${asks.join('\n')}\nwait\n`
}

/** Reads what the script printed, in the order asked. */
export const readServed = (stdout: string, names: readonly string[]): readonly ServedCertificate[] => {
  const parts = new Map(
    stdout.split(new RegExp(`^${mark}`, 'm')).map((part) => {
      const at = part.indexOf('\n')
      return [part.slice(0, at), part.slice(at + 1).trim()]
    }),
  )
  return names.map((name) => {
    const certificate = parts.get(name)
    return certificate?.startsWith('-----BEGIN CERTIFICATE') ? { name, certificate } : { name }
  })
}
