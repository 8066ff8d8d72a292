import type { CachePurgeResponse } from 'cloudflare/resources/cache/cache'
import { type Answer, refuse, tooMany } from './answer.ts'
import type { CloudflareState } from './state.ts'

/** The Free plan's bucket for purges by host and of everything: 25 requests, refilled by 5 a minute; 100 operations a request. */
const purgeLimits = { bucket: 25, aMinute: 5, operations: 100 } as const

export interface Bucket {
  tokens: number
  filledAt: number
}

export const fullBucket = (now: Date): Bucket => ({ tokens: purgeLimits.bucket, filledAt: now.getTime() })

/** `POST …/purge_cache` with exactly one of `files`, `hosts` and `purge_everything`. */
export function purge(state: CloudflareState, body: unknown, bucket: Bucket, now: Date): Answer {
  const asked = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>
  const kinds = ['files', 'hosts', 'purge_everything'].filter((kind) => asked[kind] !== undefined)
  if (kinds.length !== 1 || Object.keys(asked).length !== 1)
    throw refuse(400, 1012, 'Request must contain one of "purge_everything", "files", "tags", "hosts" or "prefixes"')
  const result: CachePurgeResponse = { id: state.zone.id }
  if (kinds[0] === 'purge_everything') {
    if (asked.purge_everything !== true) throw refuse(400, 1012, '"purge_everything" must be true')
    take(bucket, now)
    state.purged = [...state.purged, { kind: 'everything', what: [] }]
    return { result }
  }
  const kind = kinds[0] === 'hosts' ? 'hosts' : 'files'
  const what = listed(asked[kind])
  const names = what.map((one) => (kind === 'hosts' ? one : hostOf(one)))
  const foreign = names.find((name) => name !== state.zone.name && !name.endsWith(`.${state.zone.name}`))
  if (foreign !== undefined) throw refuse(400, 1016, `Unable to purge ${foreign}: it is not part of the zone`)
  if (kind === 'hosts') take(bucket, now)
  state.purged = [...state.purged, { kind, what }]
  return { result }
}

function listed(value: unknown): readonly string[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : []
  const urls = items.map((one) => (typeof one === 'string' ? one : String((one as { readonly url?: string } | null)?.url ?? '')))
  if (urls.length === 0 || urls.includes('')) throw refuse(400, 1012, 'The list must hold at least one string')
  if (urls.length > purgeLimits.operations) throw refuse(400, 1094, `You may only purge ${purgeLimits.operations} at a time`)
  return urls
}

function hostOf(url: string): string {
  try {
    return new URL(url).hostname
  } catch {
    throw refuse(400, 1017, `"${url}" is no URL`)
  }
}

function take(bucket: Bucket, now: Date): void {
  const perToken = 60_000 / purgeLimits.aMinute
  const gained = Math.floor((now.getTime() - bucket.filledAt) / perToken)
  if (gained > 0) {
    bucket.tokens = Math.min(purgeLimits.bucket, bucket.tokens + gained)
    bucket.filledAt += gained * perToken
  }
  if (bucket.tokens === 0) throw tooMany(Math.ceil((bucket.filledAt + perToken - now.getTime()) / 1000))
  bucket.tokens -= 1
}
