import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Whoever may ask. */
export interface Holder {
  readonly id: string
  readonly key: string
  readonly region: string
}

const quarter = 15 * 60_000

const hex = (value: string) => createHash('sha256').update(value).digest('hex')
const keyed = (key: string | Buffer, value: string) => createHmac('sha256', key).update(value).digest()
const strict = (value: string) => encodeURIComponent(value).replace(/[!*'()]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)

/** The code with which an S3 turns a request away, and what it says; undefined where its signature is right. `body`: what was sent. */
export const whyRefused = (
  request: IncomingMessage,
  body: string,
  holder: Holder,
  now: Date,
): readonly [number, string, string] | undefined => {
  const url = new URL(request.url ?? '/', 'https://localhost')
  const inUrl = url.searchParams.get('X-Amz-Signature')
  const header = request.headers.authorization
  if (header === undefined && inUrl === null) return [403, 'AccessDenied', 'Access Denied']
  const part = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header ?? '')?.[1] ?? ''
  const asked = (name: string) => url.searchParams.get(name) ?? ''
  const [credential, signedNames, signature, stamp] = inUrl
    ? [asked('X-Amz-Credential'), asked('X-Amz-SignedHeaders'), inUrl, asked('X-Amz-Date')]
    : [part('Credential'), part('SignedHeaders'), part('Signature'), String(request.headers['x-amz-date'])]
  const [id, day, region, ...service] = credential.split('/')
  if (id !== holder.id) return [403, 'InvalidAccessKeyId', 'The key is not valid']
  if (region !== holder.region || service.join('/') !== 's3/aws4_request')
    return [400, 'AuthorizationHeaderMalformed', `The authorization header is malformed; the region is wrong; expecting '${holder.region}'`]
  const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (inUrl) {
    if (now.getTime() > at + Number(asked('X-Amz-Expires')) * 1000) return [403, 'AccessDenied', 'Request has expired.']
  } else if (Math.abs(now.getTime() - at) > quarter)
    return [403, 'RequestTimeTooSkewed', 'The difference between the request time and the server time is too large']
  const payload = inUrl ? 'UNSIGNED-PAYLOAD' : String(request.headers['x-amz-content-sha256'])
  if (!inUrl && payload !== hex(body)) return [400, 'XAmzContentSHA256Mismatch', 'The body is another one']
  const query = [...url.searchParams]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => [strict(name), strict(value)].join('='))
    .sort()
    .join('&')
  const headers = signedNames.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
  // Whatever is sent, S3 signs a name with all of it encoded.
  const path = url.pathname
    .split('/')
    .map((piece) => strict(decodeURIComponent(piece)))
    .join('/')
  const canonical = [request.method, path, query, headers.join(''), signedNames, payload].join('\n')
  const scope = [day, region, ...service].join('/')
  let secret: string | Buffer = `AWS4${holder.key}`
  for (const piece of scope.split('/')) secret = keyed(secret, piece)
  const right = keyed(secret, `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hex(canonical)}`).toString('hex')
  return right === signature ? undefined : [403, 'SignatureDoesNotMatch', 'Signature validation failed']
}
