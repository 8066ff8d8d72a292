import type { Redis } from 'ioredis'
import { chunksOf } from '../../chunks.ts'
import { replyCode } from './trouble.ts'
import type { KeyLife } from './types.ts'

const batch = 1000

/** How far two clocks of the server's, read in one pipeline, may be apart, in milliseconds. */
const blur = 50

type Key = string | Buffer

/** One reply of a pipeline; its error is thrown as the command's own would be. */
const settled = async (replies: Promise<[Error | null, unknown][] | null>): Promise<readonly unknown[]> =>
  ((await replies) ?? []).map(([error, value]) => {
    if (error) throw error
    return value
  })

const lifeOf = (key: string, expiresAt: unknown, now: number): KeyLife => {
  if (typeof expiresAt !== 'number' || expiresAt === -2) return { key, present: false }
  return expiresAt === -1 ? { key, present: true } : { key, present: true, expiresAt, ttl: Math.max(0, expiresAt - now) }
}

const lifeLeft = (key: string, ttl: unknown, now: number): KeyLife => {
  const known = lifeOf(key, ttl, 0)
  return known.expiresAt === undefined ? known : { ...known, expiresAt: now + known.expiresAt, within: blur }
}

/** Keys of which at least one in their batch exists: one command a batch spares a million questions about what is gone. */
const inhabited = async (redis: Redis, keys: readonly string[], wire: (key: string) => Key): Promise<ReadonlySet<string>> => {
  const batches = chunksOf(keys, batch)
  const pipeline = redis.pipeline()
  for (const part of batches) pipeline.exists(...part.map(wire))
  const counts = await settled(pipeline.exec())
  return new Set(batches.filter((_, i) => counts[i] !== 0).flat())
}

/** `by` PEXPIRETIME, which is absolute and by the server's clock; or by PTTL and TIME, where that command is not known or not permitted. */
const readBatch = async (
  redis: Redis,
  keys: readonly string[],
  wire: (key: string) => Key,
  by: 'pexpiretime' | 'pttl',
): Promise<readonly KeyLife[]> => {
  const pipeline = redis.pipeline().time()
  for (const key of keys) pipeline[by](wire(key))
  const [time, ...replies] = await settled(pipeline.exec())
  const [second = 0, microsecond = 0] = Array.isArray(time) ? time.map(Number) : []
  const now = Math.floor(second * 1000 + microsecond / 1000)
  return keys.map((key, i) => (by === 'pttl' ? lifeLeft : lifeOf)(key, replies[i], now))
}

/** Lives of keys, in the order asked; `asBytes` has those that are no text. No reading of ours, and no delay on the way, can blur PEXPIRETIME. */
export const readLives = async (
  redis: Redis,
  keys: readonly string[],
  asBytes: ReadonlyMap<string, Buffer> = new Map(),
): Promise<readonly KeyLife[]> => {
  const wire = (key: string): Key => asBytes.get(key) ?? key
  const some = keys.length > batch ? await inhabited(redis, keys, wire) : new Set(keys)
  const asked = keys.filter((key) => some.has(key))
  const found = new Map<string, KeyLife>()
  let by: 'pexpiretime' | 'pttl' = 'pexpiretime'
  for (let at = 0; at < asked.length; at += batch) {
    const part = asked.slice(at, at + batch)
    const lives = await readBatch(redis, part, wire, by).catch((error: unknown) => {
      // Redis before 7 and KeyDB do not know it; an ACL or a renamed command may keep it from us.
      if (by === 'pttl' || !['ERR', 'NOPERM'].includes(replyCode(error) ?? '-')) throw error
      by = 'pttl'
      return readBatch(redis, part, wire, by)
    })
    for (const life of lives) found.set(life.key, life)
  }
  return keys.map((key) => found.get(key) ?? { key, present: false })
}
