import { isIPv4, isIPv6 } from 'node:net'
import { type Answer, paged, refuse } from './answer.ts'
import { aRecord, type CloudflareState, type DnsRecord } from './state.ts'

type Fields = Readonly<Record<string, unknown>>

/** `GET …/dns_records`: filters by type, name, content and proxied, all or any of them. */
export function listRecords(state: CloudflareState, query: URLSearchParams): Answer {
  const { records } = state
  const filters: ((record: DnsRecord) => boolean)[] = []
  for (const [key, value] of query) {
    const wanted = value.toLowerCase()
    const [field = '', how = 'exact'] = key.split('.')
    if (field === 'type') filters.push((record) => record.type === value)
    else if (field === 'proxied') filters.push((record) => String(record.proxied) === wanted)
    else if (field === 'name' || field === 'content' || field === 'comment')
      filters.push((record) => matches((record[field] ?? '').toLowerCase(), how, wanted))
  }
  const any = query.get('match') === 'any'
  const kept = records.filter(
    (record) => filters.length === 0 || (any ? filters.some((is) => is(record)) : filters.every((is) => is(record))),
  )
  return paged(kept, query, 100, 5_000_000)
}

const matches = (text: string, how: string, wanted: string): boolean =>
  how === 'contains'
    ? text.includes(wanted)
    : how === 'startswith'
      ? text.startsWith(wanted)
      : how === 'endswith'
        ? text.endsWith(wanted)
        : text === wanted

export const getRecord = (state: CloudflareState, id: string): Answer => ({ result: found(state.records, id) })

export function createRecord(state: CloudflareState, body: unknown, now: Date): Answer {
  const { records, record } = created(state, state.records, body, now)
  state.records = records
  return { result: record }
}

export function editRecord(state: CloudflareState, id: string, body: unknown, now: Date, whole: boolean): Answer {
  const { records, record } = edited(state, state.records, id, body, now, whole)
  state.records = records
  return { result: record }
}

export function deleteRecord(state: CloudflareState, id: string): Answer {
  found(state.records, id)
  state.records = state.records.filter((record) => record.id !== id)
  return { result: { id } }
}

/** Deletes, patches, puts, posts, in this order and all or none, whatever the order in the body. */
export function batchRecords(state: CloudflareState, body: unknown, now: Date): Answer {
  const asked = fieldsOf(body)
  const list = (name: string): readonly unknown[] => (Array.isArray(asked[name]) ? (asked[name] as readonly unknown[]) : [])
  const idOf = (one: unknown): string => String(fieldsOf(one).id ?? '')
  let { records } = state
  const done = { deletes: [] as DnsRecord[], patches: [] as DnsRecord[], puts: [] as DnsRecord[], posts: [] as DnsRecord[] }
  for (const one of list('deletes')) {
    done.deletes.push(found(records, idOf(one)))
    records = records.filter(({ id }) => id !== idOf(one))
  }
  for (const kind of ['patches', 'puts'] as const) {
    for (const one of list(kind)) {
      const change = edited(state, records, idOf(one), one, now, kind === 'puts')
      records = change.records
      done[kind].push(change.record)
    }
  }
  for (const one of list('posts')) {
    const change = created(state, records, one, now)
    records = change.records
    done.posts.push(change.record)
  }
  state.records = records
  return { result: done }
}

interface Change {
  readonly records: readonly DnsRecord[]
  readonly record: DnsRecord
}

function created(state: CloudflareState, records: readonly DnsRecord[], body: unknown, now: Date): Change {
  const record = accepted(state, aRecord('', '', now.toISOString(), false), fieldsOf(body), true)
  refuseTwin(records, record)
  return { records: [...records, record], record }
}

function edited(state: CloudflareState, records: readonly DnsRecord[], id: string, body: unknown, now: Date, whole: boolean): Change {
  const before = found(records, id)
  const base = whole ? { ...aRecord('', '', before.created_on, false), id } : before
  const record = { ...accepted(state, base, fieldsOf(body), whole), modified_on: now.toISOString() }
  refuseTwin(records, record)
  return { records: records.map((one) => (one.id === id ? record : one)), record }
}

/** The record with what the body says, or why the body is refused. */
function accepted(state: CloudflareState, base: DnsRecord, body: Fields, whole: boolean): DnsRecord {
  const { zone } = state
  const say = <T>(name: string, usual: T): T => (body[name] === undefined ? usual : (body[name] as T))
  const type = say('type', whole ? '' : base.type)
  const given = String(say('name', base.name)).toLowerCase().replace(/\.$/, '')
  const name = given === '@' ? zone.name : given.endsWith(zone.name) || given === '' ? given : `${given}.${zone.name}`
  const content = String(say('content', base.content))
  const proxied = say('proxied', base.proxied) === true
  const ttl = proxied ? 1 : Number(say('ttl', whole ? 1 : base.ttl))
  if (name === '') throw refuse(400, 9000, 'DNS name is invalid.')
  if (!/^[A-Z]+$/.test(type)) throw refuse(400, 9999, 'DNS record type is invalid.')
  if (type === 'A' && !isIPv4(content)) throw refuse(400, 9005, 'Content for A record must be a valid IPv4 address.')
  if (type === 'AAAA' && !isIPv6(content)) throw refuse(400, 9006, 'Content for AAAA record must be a valid IPv6 address.')
  if (ttl !== 1 && (ttl < 60 || ttl > 86_400)) throw refuse(400, 9021, 'TTL must be between 60 and 86400 seconds, or 1 for Automatic.')
  const proxiable = ['A', 'AAAA', 'CNAME'].includes(type)
  if (proxied && !proxiable) throw refuse(400, 9004, 'This record type cannot be proxied.')
  const comment = say<string | null>('comment', base.comment)
  return { ...base, type, name, content, proxied, proxiable, ttl, comment, tags: say('tags', base.tags) }
}

function refuseTwin(records: readonly DnsRecord[], one: DnsRecord): void {
  // A CNAME stands alone.
  const beside = records.filter(({ id, name }) => id !== one.id && name === one.name)
  const leading = ['A', 'AAAA', 'CNAME']
  if (leading.includes(one.type) && beside.some(({ type }) => type === 'CNAME'))
    throw refuse(400, 81054, 'A CNAME record with that host already exists.')
  if (one.type === 'CNAME' && beside.some(({ type }) => leading.includes(type)))
    throw refuse(400, 81053, 'An A, AAAA, or CNAME record with that host already exists.')
  const twin = records.some(
    ({ id, type, name, content }) => id !== one.id && type === one.type && name === one.name && content === one.content,
  )
  if (twin) throw refuse(400, 81058, 'An identical record already exists.')
}

function found(records: readonly DnsRecord[], id: string): DnsRecord {
  const record = records.find((one) => one.id === id)
  if (!record) throw refuse(404, 81044, 'Record does not exist.')
  return record
}

const fieldsOf = (body: unknown): Fields => (typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : {})
