import { createHash, createHmac } from 'node:crypto'

/** Who signs, and for where: AWS Signature Version 4. */
export interface Signer {
  readonly id: string
  readonly key: string
  readonly region: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

/** Everything but what RFC 3986 leaves alone: so a name has to stand in the path and the query of what is signed. */
export const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

/** "20130524T000000Z". */
const stampOf = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '')

const queryOf = (url: URL): string =>
  [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&')

const signatureOf = (
  { key, region }: Signer,
  stamp: string,
  request: { readonly method: string; readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly payload: string },
): string => {
  const names = Object.keys(request.headers).sort()
  const canonical = [
    request.method,
    request.url.pathname,
    queryOf(request.url),
    ...names.map((name) => `${name}:${request.headers[name]}`),
    '',
    names.join(';'),
    request.payload,
  ].join('\n')
  const day = stamp.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const signing = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${key}`, day), region))
  return hmac(signing, ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')).toString('hex')
}

/** The headers of a request that is signed; `headers` by lower-case names, and the host among what is signed. */
export const signed = (
  signer: Signer,
  at: Date,
  { method, url, headers = {}, body = '' }: { method: string; url: URL; headers?: Readonly<Record<string, string>>; body?: string },
): Readonly<Record<string, string>> => {
  const stamp = stampOf(at)
  const payload = sha256(body)
  const all = { ...headers, host: url.host, 'x-amz-content-sha256': payload, 'x-amz-date': stamp }
  const signature = signatureOf(signer, stamp, { method, url, headers: all, payload })
  const credential = `${signer.id}/${stamp.slice(0, 8)}/${signer.region}/s3/aws4_request`
  return {
    ...all,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential},SignedHeaders=${Object.keys(all).sort().join(';')},Signature=${signature}`,
  }
}

/** A URL that lets whoever has it do this one thing for so many seconds. */
export const presigned = (signer: Signer, at: Date, { method, url }: { method: string; url: URL }, seconds: number): URL => {
  const stamp = stampOf(at)
  const open = new URL(url)
  open.searchParams.set('X-Amz-Algorithm', 'AWS4-HMAC-SHA256')
  open.searchParams.set('X-Amz-Credential', `${signer.id}/${stamp.slice(0, 8)}/${signer.region}/s3/aws4_request`)
  open.searchParams.set('X-Amz-Date', stamp)
  open.searchParams.set('X-Amz-Expires', String(seconds))
  open.searchParams.set('X-Amz-SignedHeaders', 'host')
  const signature = signatureOf(signer, stamp, { method, url: open, headers: { host: url.host }, payload: 'UNSIGNED-PAYLOAD' })
  open.searchParams.set('X-Amz-Signature', signature)
  return open
}
