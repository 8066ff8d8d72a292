import { createHash } from 'node:crypto'
import type { IPListResponse } from 'cloudflare/resources/ips/ips'
import type { TokenVerifyResponse } from 'cloudflare/resources/user/tokens/tokens'
import type { Authority } from '../../certificates.ts'
import type { Scope, Token } from './access.ts'
import { type Answer, refuse } from './answer.ts'
import { createCertificate, getCertificate, listCertificates, revokeCertificate } from './certificates.ts'
import { type Bucket, purge } from './purge.ts'
import { batchRecords, createRecord, deleteRecord, editRecord, getRecord, listRecords } from './records.ts'
import type { CloudflareState } from './state.ts'
import { configRuleset, editSetting, getSetting, listPageRules, listRulesets, listZones } from './zones.ts'

/** What a call has to work with; the token is there where one was needed. */
export interface Call {
  readonly state: CloudflareState
  readonly query: URLSearchParams
  readonly body: unknown
  readonly now: Date
  readonly bucket: Bucket
  readonly authority: Authority
  readonly token?: Token
}

interface Route {
  readonly handle: (call: Call) => Answer | Promise<Answer>
  readonly scope?: Scope
  /** The zone that the path names. */
  readonly zone?: string
  /** Needs no token. */
  readonly open?: boolean
}

type Handle = (call: Call, id: string) => Answer | Promise<Answer>

const hex = '([0-9a-f]{32})'

/** method, path below the zone (or from the root, starting with /), scope, handler; `*` is an id. */
const table: readonly (readonly [string, string, Scope | 'none' | 'open', Handle])[] = [
  ['GET', '/ips', 'open', ({ state }) => ips(state)],
  ['GET', '/user/tokens/verify', 'none', ({ token }) => verified(token)],
  ['GET', '/zones', 'zone:read', ({ state, query }) => listZones(state, query)],
  ['GET', '', 'zone:read', ({ state }) => ({ result: state.zone })],
  ['GET', 'settings/*', 'settings:read', ({ state }, id) => getSetting(state, id)],
  ['PATCH', 'settings/*', 'settings:edit', ({ state, body, now }, id) => editSetting(state, id, body, now)],
  ['GET', 'rulesets', 'rules:read', ({ state }) => listRulesets(state)],
  ['GET', 'rulesets/phases/*/entrypoint', 'rules:read', ({ state }, phase) => configRuleset(state, phase)],
  ['GET', 'pagerules', 'rules:read', ({ state, query }) => listPageRules(state, query)],
  ['GET', 'dns_records', 'dns:read', ({ state, query }) => listRecords(state, query)],
  ['POST', 'dns_records', 'dns:edit', ({ state, body, now }) => createRecord(state, body, now)],
  ['POST', 'dns_records/batch', 'dns:edit', ({ state, body, now }) => batchRecords(state, body, now)],
  ['GET', 'dns_records/*', 'dns:read', ({ state }, id) => getRecord(state, id)],
  ['PATCH', 'dns_records/*', 'dns:edit', ({ state, body, now }, id) => editRecord(state, id, body, now, false)],
  ['PUT', 'dns_records/*', 'dns:edit', ({ state, body, now }, id) => editRecord(state, id, body, now, true)],
  ['DELETE', 'dns_records/*', 'dns:edit', ({ state }, id) => deleteRecord(state, id)],
  ['POST', 'purge_cache', 'cache:purge', ({ state, body, bucket, now }) => purge(state, body, bucket, now)],
  ['GET', '/certificates', 'certificates:read', ({ state, query }) => listCertificates(state, query)],
  ['POST', '/certificates', 'certificates:edit', ({ state, authority, body, now }) => createCertificate(state, authority, body, now)],
  ['GET', '/certificates/*', 'certificates:read', ({ state }, id) => getCertificate(state, id)],
  ['DELETE', '/certificates/*', 'certificates:edit', ({ state, now }, id) => revokeCertificate(state, id, now)],
]

const routes = table.map(([method, path, scope, handle]) => {
  const own = path.startsWith('/')
  const tail = path.replaceAll('*', '([^/]+)')
  const pattern = own ? `^${tail}$` : `^/zones/${hex}${tail === '' ? '' : `/${tail}`}$`
  return { method, pattern: new RegExp(pattern), own, scope, handle }
})

/** The route of a request, its ids bound; undefined where there is none. */
export function routed(method: string, path: string): Route | undefined {
  for (const route of routes) {
    const match = route.method === method ? route.pattern.exec(path) : null
    if (!match) continue
    const [, first = '', second = ''] = match
    return {
      handle: (call) => route.handle(call, decodeURIComponent(route.own ? first : second)),
      ...(route.own ? {} : { zone: first }),
      ...(route.scope === 'open' ? { open: true } : route.scope === 'none' ? {} : { scope: route.scope }),
    }
  }
  return undefined
}

function verified(token: Token | undefined): Answer {
  if (!token) throw refuse(401, 1000, 'Invalid API Token')
  const { scopes: _, ...result } = token
  const said: TokenVerifyResponse = result
  return { result: said, messages: [{ code: 10000, message: 'This API Token is valid and active' }] }
}

function ips({ ranges }: CloudflareState): Answer {
  const etag = createHash('md5').update(JSON.stringify(ranges)).digest('hex')
  const result: IPListResponse = { ipv4_cidrs: [...ranges.ipv4], ipv6_cidrs: [...ranges.ipv6], etag }
  return { result }
}
