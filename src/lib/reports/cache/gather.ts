import { type Clock, seconds } from '../../clock.ts'
import { Trouble } from '../../errors.ts'
import { isRefusal } from '../../facts/cache/refusal.ts'
import type { KeyLife, QueueDepth, RedisInfo, RedisReader } from '../../systems/redis/types.ts'

/** Keys that share the part of their names before the first colon. */
export interface KeyFamily {
  /** `residence_ids_user:*`; a key without a colon stands for itself. */
  readonly pattern: string
  readonly keys: number
  /** Milliseconds left, shortest and longest of the sampled keys that expire. */
  readonly shortestTtl?: number
  readonly longestTtl?: number
  /** Sampled keys that never expire, of how many sampled. */
  readonly withoutTtl: number
  readonly sampled: number
}

export interface CacheStatus {
  readonly target: string
  /** Undefined where INFO was refused. */
  readonly info?: RedisInfo
  readonly families: readonly KeyFamily[]
  /** Keys in families too small or too many to be listed. */
  readonly others: number
  /** False when a bound ended the scan: the counts are then a lower limit. */
  readonly scannedAll: boolean
  readonly scannedKeys: number
  readonly queues: readonly QueueDepth[]
  /** What the server would not answer, in its own words. */
  readonly refused: readonly { readonly what: string; readonly because: string; readonly next?: string }[]
  readonly readAt: Date
}

const bounds = { keys: 200_000, time: seconds(10) }
const sampleSize = 100
/** Families that are listed; what has one key, beyond a few, is nobody's family. */
const mostFamilies = 40
const mostAlone = 10

const familyOf = (key: string): string => {
  const colon = key.indexOf(':')
  return colon < 0 ? key : `${key.slice(0, colon)}:*`
}

const describe = (pattern: string, keys: number, lives: readonly KeyLife[]): KeyFamily => {
  const present = lives.filter((life) => life.present)
  const ttls = present.flatMap(({ ttl }) => (ttl === undefined ? [] : [ttl]))
  return {
    pattern,
    keys,
    ...(ttls.length > 0 && { shortestTtl: Math.min(...ttls), longestTtl: Math.max(...ttls) }),
    withoutTtl: present.length - ttls.length,
    sampled: present.length,
  }
}

/** The families that are worth a line, the largest first, with their keys. */
const listed = (keys: readonly string[]): readonly (readonly [string, readonly string[]])[] => {
  const byFamily = new Map<string, string[]>()
  for (const key of keys) {
    const family = byFamily.get(familyOf(key))
    if (family) family.push(key)
    else byFamily.set(familyOf(key), [key])
  }
  const all = [...byFamily].sort(([a, some], [b, others]) => others.length - some.length || a.localeCompare(b))
  const several = all.filter(([, { length }]) => length > 1)
  const alone = all.slice(several.length)
  return [...several, ...(alone.length > mostAlone ? [] : alone)].slice(0, mostFamilies)
}

/** An answer, or undefined where this question alone was refused; whoever cannot be reached at all is thrown. */
const unlessRefused = async <T>(what: string, asked: Promise<T>, refused: CacheStatus['refused'][number][]): Promise<T | undefined> => {
  try {
    return await asked
  } catch (error) {
    if (!(error instanceof Trouble) || !isRefusal(error)) throw error
    refused.push({ what, because: error.likely ?? error.failed, ...(error.next !== undefined && { next: error.next }) })
    return undefined
  }
}

/** Reads all that cache:status shows; the scan looks at 200 000 keys or for ten seconds at most, unless `within` says otherwise. What is refused costs its own line. */
export const gatherCacheStatus = async (redis: RedisReader, clock: Clock, within = bounds): Promise<CacheStatus> => {
  const refused: CacheStatus['refused'][number][] = []
  const info = await unlessRefused('INFO', redis.info(), refused)
  const [target, queues = [], scanned = { keys: [], complete: false }] = await Promise.all([
    redis.target(),
    unlessRefused('The list of queues', redis.queues(), refused),
    unlessRefused('The scan of keys', redis.scan('*', within), refused),
  ])
  const families = listed(scanned.keys)
  const samples = families.flatMap(([, keys]) => keys.slice(0, sampleSize))
  const lives = new Map((await unlessRefused('How long keys live', redis.lives(samples), refused))?.map((life) => [life.key, life]))
  const inFamilies = families.reduce((sum, [, { length }]) => sum + length, 0)
  return {
    target,
    ...(info && { info }),
    families: families.map(([pattern, keys]) =>
      describe(
        pattern,
        keys.length,
        keys.slice(0, sampleSize).flatMap((key) => lives.get(key) ?? []),
      ),
    ),
    others: scanned.keys.length - inFamilies,
    scannedAll: scanned.complete,
    scannedKeys: scanned.keys.length,
    queues,
    refused,
    readAt: clock.now(),
  }
}
