import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'

/** Why a URL gave no answer, by the code of Node or OpenSSL. */
export const httpTrouble = (error: unknown, url: URL, timeoutMs: number): Unreachable => {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const [name, cause] = tls.test(code)
    ? ['http-tls', `its certificate does not verify (${code}): another server answers there, or its authority is not known here`]
    : code.startsWith('HPE_')
      ? ['http-not-http', `what answers there does not speak HTTP (${code})`]
      : code === 'ETIMEDOUT'
        ? ['http-silent', `no answer within ${timeoutMs / 1000} s`]
        : (causes[code] ?? ['http-lost', `the connection was cut before the answer${code ? ` (${code})` : ''}`])
  return new Unreachable(
    {
      code: name,
      failed: `${url.host} does not answer`,
      cause,
      next: sh`curl -sv -o /dev/null --max-time ${timeoutMs / 1000} ${url.href}`,
    },
    { cause: error },
  )
}

const tls = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO$)/

const causes: Readonly<Record<string, readonly [string, string]>> = {
  ENOTFOUND: ['http-no-such-host', 'the name does not resolve: its records are gone, or DNS does not answer'],
  EAI_AGAIN: ['http-no-such-host', 'the name does not resolve now: DNS does not answer this machine'],
  ECONNREFUSED: ['http-refused', 'nothing listens there'],
  EMSGSIZE: ['http-too-long', 'its answer is longer than any that it has to give: something else answers there'],
  EHOSTUNREACH: ['http-no-route', 'there is no way there from this machine'],
  ENETUNREACH: ['http-no-route', 'this machine has no network'],
}
