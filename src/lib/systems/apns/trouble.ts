import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { httpTrouble } from '../http/trouble.ts'

/** No answer, by the code of Node or OpenSSL. */
export const unanswered = (error: unknown, url: URL, timeoutMs: number): Unreachable => {
  // A peer that speaks no HTTP/2 is told so by other codes than one that speaks no HTTP.
  const spoken = error instanceof Error && 'code' in error && /^ERR_HTTP2_/.test(String(error.code))
  const { code, likely = '' } = httpTrouble(error, url, timeoutMs)
  const own = code === 'http-tls' || code === 'http-silent' ? code.replace('http', 'apns') : 'apns-unreachable'
  return new Unreachable(
    {
      code: spoken ? 'apns-no-http2' : own,
      failed: `APNs at ${url.host} does not answer`,
      cause: spoken ? 'what answers there does not speak HTTP/2' : likely,
      next: sh`curl -sv --http2 -o /dev/null --max-time 5 https://${url.host}/`,
    },
    { cause: error },
  )
}

/** Something answers that does not speak as APNs does. */
export const noApns = (host: string, status: number): Unreachable =>
  new Unreachable({
    code: 'apns-other',
    failed: `What answers at ${host} is not APNs: ${status} without a reason`,
    cause: 'something between answers in its place',
    next: sh`curl -sv --http2 -o /dev/null --max-time 5 https://${host}/`,
  })

export const noId = (setting: string, name: string): Unreachable =>
  new Unreachable({
    code: 'apns-no-id',
    failed: `The live configuration has no ${name}`,
    cause: `${setting} names another than the application reads`,
    next: 'honeydue config:explain',
  })

export const noKey = (secret: string): Unreachable =>
  new Unreachable({
    code: 'apns-no-key',
    failed: `Secret ${secret} has no key for APNs`,
    cause: 'It was deleted, or this is another cluster',
    next: 'honeydue secrets:status',
  })
