import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Identity } from '../certificates.ts'
import { storage as facts } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { serveHttps } from '../https-server.ts'
import { escaped, rulesIn, ruleXml, type SandboxRule } from './rules.ts'
import { whyRefused } from './signature.ts'

/** One object as it stands now. */
export interface Stored {
  readonly body: string
  readonly version: string
  readonly modified: Date
}

type Right = 'list' | 'write' | 'read' | 'delete' | 'lifecycle' | 'set lifecycle' | 'uploads'

export interface StorageSandbox {
  readonly port: number
  readonly objects: Map<string, Stored>
  rules: SandboxRule[]
  /** Uploads in parts that nobody has ended. */
  unfinished: { readonly key: string; readonly began: Date }[]
  /** What its key may not do. */
  readonly without: Set<Right>
  /** The key, by its two halves. */
  id: string
  key: string
  /** Others that it lets in as well, by their ids. */
  readonly beside: Map<string, string>
  region: string
  /** Its clock is so far ahead of this machine's, in milliseconds. */
  ahead: number
  /** A spending cap is reached. */
  capped: boolean
  trouble: 'none' | 'reset' | 'silence' | 'server-error' | 'html' | 'other bytes' | 'no end'
  reset(): void
  stop(): Promise<void>
}

/** Backblaze's S3 API for what is used of it; every request's signature is checked. */
export const startStorage = async (identity: Identity): Promise<StorageSandbox> => {
  const xml = (response: ServerResponse, status: number, body: string): void =>
    void response
      .writeHead(status, { 'content-type': 'application/xml', 'x-amz-request-id': randomBytes(8).toString('hex') })
      .end(`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${body}`)
  const error = (response: ServerResponse, [status, code, message]: readonly [number, string, string]): void =>
    xml(response, status, `<Error>\n    <Code>${code}</Code>\n    <Message>${escaped(message)}</Message>\n</Error>`)
  /** Whose key the request names; its signature is looked at with that. */
  const holderOf = ({ headers, url = '/' }: IncomingMessage) => {
    const named =
      new URL(url, 'https://localhost').searchParams.get('X-Amz-Credential') ?? /Credential=(\S+)/.exec(headers.authorization ?? '')?.[1]
    const id = named?.split('/')[0] ?? ''
    const key = state.beside.get(id)
    return key === undefined ? { id: state.id, key: state.key } : { id, key }
  }
  const may = (right: Right): boolean => !state.without.has(right)
  const denied = [403, 'AccessDenied', 'not entitled'] as const

  const answer = (request: IncomingMessage, body: string, response: ServerResponse) => {
    const now = new Date(Date.now() + state.ahead)
    response.setHeader('date', now.toUTCString())
    const no = whyRefused(request, body, { ...holderOf(request), region: state.region }, now)
    if (no) return error(response, no)
    const url = new URL(request.url ?? '/', 'https://localhost')
    const [bucket = '', ...rest] = url.pathname.slice(1).split('/').map(decodeURIComponent)
    if (bucket !== facts.bucket) return error(response, [404, 'NoSuchBucket', `Bucket ${bucket} does not exist`])
    if (state.capped)
      return error(response, [
        403,
        'AccessDenied',
        'Cannot do this, transaction cap exceeded. See the Caps & Alerts page to increase your cap.',
      ])
    return rest.length === 0
      ? ofBucket(request, url.searchParams, body, response)
      : ofObject(request.method, rest.join('/'), url.searchParams, body, response)
  }

  const setLifecycle = ({ method, headers }: IncomingMessage, body: string, response: ServerResponse) => {
    if (!may('set lifecycle')) return error(response, denied)
    if (method === 'PUT') {
      if (headers['content-md5'] !== createHash('md5').update(body).digest('base64'))
        return error(response, [400, 'BadDigest', 'The Content-MD5 you specified did not match what we received'])
      const found = rulesIn(body)
      if (found === undefined) return error(response, [400, 'MalformedXML', 'The XML you provided was not well-formed'])
      state.rules = found
    } else state.rules = []
    return void response.writeHead(method === 'PUT' ? 200 : 204, { 'x-amz-request-id': randomBytes(8).toString('hex') }).end()
  }

  const ofBucket = (request: IncomingMessage, query: URLSearchParams, body: string, response: ServerResponse) => {
    // Of a key that is restricted to a bucket Backblaze refuses this one, whatever its rights.
    if (request.method === 'HEAD') return void response.writeHead(403).end()
    if (query.has('lifecycle') && request.method !== 'GET') return setLifecycle(request, body, response)
    if (query.has('lifecycle')) {
      if (!may('lifecycle')) return error(response, denied)
      return state.rules.length === 0
        ? error(response, [404, 'NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'])
        : xml(
            response,
            200,
            `<LifecycleConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${state.rules.map(ruleXml).join('')}</LifecycleConfiguration>`,
          )
    }
    if (query.has('uploads')) {
      if (!may('uploads')) return error(response, denied)
      const all = state.unfinished.map(
        ({ key, began }) => `<Upload><Key>${escaped(key)}</Key><Initiated>${began.toISOString()}</Initiated></Upload>`,
      )
      return xml(response, 200, `<ListMultipartUploadsResult><Bucket>${facts.bucket}</Bucket>${all.join('')}</ListMultipartUploadsResult>`)
    }
    if (!may('list')) return error(response, denied)
    const found = [...state.objects]
      .filter(([key]) => key.startsWith(query.get('prefix') ?? ''))
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .filter(([key]) => key > Buffer.from(query.get('continuation-token') ?? '', 'base64url').toString())
    const some = found.slice(0, Number(query.get('max-keys') ?? 1000))
    const last = Buffer.from(some.at(-1)?.[0] ?? '').toString('base64url')
    const next = some.length < found.length ? `<NextContinuationToken>${last}</NextContinuationToken>` : ''
    const contents = some.map(
      ([key, { body, modified }]) =>
        `<Contents><Key>${escaped(key)}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${body.length}</Size></Contents>`,
    )
    xml(
      response,
      200,
      `<ListBucketResult><Name>${facts.bucket}</Name>${contents.join('')}<IsTruncated>${some.length < found.length}</IsTruncated>${next}</ListBucketResult>`,
    )
  }

  const ofObject = (method: string | undefined, key: string, query: URLSearchParams, body: string, response: ServerResponse) => {
    const found = state.objects.get(key)
    const id = { 'x-amz-request-id': randomBytes(8).toString('hex') }
    if (method === 'PUT') {
      if (!may('write')) return error(response, denied)
      const version = `4_z${randomBytes(8).toString('hex')}`
      state.objects.set(key, { body, version, modified: new Date() })
      return void response.writeHead(200, { ...id, 'x-amz-version-id': version }).end()
    }
    if (method === 'DELETE') {
      if (!may('delete')) return error(response, denied)
      if (query.get('versionId') === found?.version) state.objects.delete(key)
      return void response.writeHead(204, id).end()
    }
    if (!may('read')) return error(response, denied)
    if (found === undefined) return error(response, [404, 'NoSuchKey', 'Key not found'])
    response.writeHead(200, id).end(state.trouble === 'other bytes' ? `${found.body}!` : found.body)
  }

  const { port, stop } = await serveHttps(
    identity,
    () => state.trouble,
    (request, body, response) =>
      state.trouble === 'server-error'
        ? error(response, [503, 'ServiceUnavailable', 'no tomes available'])
        : answer(request, body, response),
  )
  const first = () => ({
    rules: [{ prefix: 'uploads/', hide: 7, remove: 1 }],
    unfinished: [],
    id: facts.id as string,
    key: planted.storageKey,
    region: facts.region,
    ahead: 0,
    capped: false,
    trouble: 'none' as const,
  })
  const state: StorageSandbox = {
    ...first(),
    port,
    objects: new Map(),
    without: new Set(),
    beside: new Map(),
    reset() {
      Object.assign(state, first())
      state.objects.clear()
      state.without.clear()
      state.beside.clear()
    },
    stop,
  }
  return state
}
