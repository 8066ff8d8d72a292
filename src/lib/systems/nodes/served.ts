import type { ServedCertificate } from './types.ts'

const mark = '== '

/** Shakes hands with the node's own 443 once for each name, all at once, from the node itself; prints each certificate after its name. */
export const servedScript = (names: readonly string[]): string => {
  const asks = names.map((name) => {
    const safe = name.replaceAll(/[^\w.*-]/g, '')
    // Cut out by the shell itself: a second process for each name would cost as much as the handshake.
    const cut = `pem=\${said#*-----BEGIN}; pem=\${pem%%-----END CERT*}`
    // Whom the node trusts is not asked: reading its authorities would take four times as long as the rest.
    const shake = `said=$(openssl s_client -no-CAfile -no-CApath -connect 127.0.0.1:443 -servername ${safe} </dev/null 2>/dev/null)`
    return `{ ${shake}; ${cut}; printf '%s\\n-----BEGIN%s-----END CERTIFICATE-----\\n' '${mark}${safe}' "$pem"; } &`
  })
  return `command -v openssl >/dev/null || { echo 'there is no openssl' >&2; exit 127; }\n${asks.join('\n')}\nwait\n`
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
