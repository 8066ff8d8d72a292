import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import { type Clock, seconds } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { Moved } from '../../errors.ts'
import type { RedisConnection } from './connection.ts'
import { forgetScript, lookScript } from './family-scripts.ts'
import { leftByPass } from './one-look.ts'
import { replyCode } from './trouble.ts'
import type { Family, Forgetting, OldKeys } from './types.ts'

/** Keys a step of either pass: some two milliseconds of the server's single thread, and one round trip. */
const looking = 1000
const forgetting = 500
/** Above so many keys of any kind, the family is counted by this sample. SCAN goes in the order of the keys' hashes, which is as good as drawn by lot. */
const sampled = 100_000
/** Where each step is a long way off, fewer are looked at. */
const patience = seconds(10)
/** Of a pass that goes to its end. */
const longest = seconds(600)
/** How often a pass tells where it stands, in milliseconds. */
const toldEvery = 250

const shaOf = (script: string): string => createHash('sha1').update(script).digest('hex')
const shas = new Map([lookScript, forgetScript].map((script) => [script, shaOf(script)]))

/** By its hash, which a server forgets when it is started again. */
const evaluate = async (
  redis: Redis,
  [byHash, whole]: readonly [string, string],
  script: string,
  words: readonly (string | number)[],
): Promise<unknown> =>
  redis.call(byHash, shas.get(script) ?? shaOf(script), 0, ...words).catch((error: unknown) => {
    if (replyCode(error) !== 'NOSCRIPT') throw error
    return redis.call(whole, script, 0, ...words)
  })

/** As one that may not write, where that is known: since Redis 7. */
const look = (redis: Redis, words: readonly (string | number)[]): Promise<unknown> =>
  evaluate(redis, ['evalsha_ro', 'eval_ro'], lookScript, words).catch((error: unknown) => {
    if (!['ERR', 'NOPERM'].includes(replyCode(error) ?? '-')) throw error
    return evaluate(redis, ['evalsha', 'eval'], lookScript, words)
  })

const forget = (redis: Redis, words: readonly (string | number)[]): Promise<unknown> =>
  evaluate(redis, ['evalsha', 'eval'], forgetScript, words)

/** Step after step of one pass, from a cursor on until one is `past`; stopped at any of them by the connection's signal. */
async function* pass(
  connection: RedisConnection,
  put: typeof look,
  step: number,
  words: readonly (string | number)[],
  { from = '0', past = () => false }: { readonly from?: string; readonly past?: (cursor: string) => boolean } = {},
): AsyncGenerator<readonly unknown[], void> {
  let cursor = from
  do {
    const given = await connection.use((redis) => put(redis, [cursor, step, ...words]))
    const answer: readonly unknown[] = Array.isArray(given) ? given : []
    cursor = String(answer[0])
    yield answer
  } while (cursor !== '0' && !past(cursor))
}

/**
 * The halves of a pass. A cursor counts the buckets with its bits turned round, so that a table may grow under it: those whose last bit is 0 come first,
 * whatever the table's size, and from 1 on those whose last bit is 1.
 */
const halves = [{ past: (cursor: string) => /[13579]$/.test(cursor) }, { from: '1' }]

/** The steps of both halves as they come: while one is on its way the server works on the other. All that was asked has been answered when it ends, however it ends. */
async function* passInHalves(...[connection, put, step, words]: Parameters<typeof pass>): AsyncGenerator<readonly unknown[], void> {
  const next = async (steps: ReturnType<typeof pass>) => ({ steps, result: await steps.next() })
  const asked = new Map(
    halves.map((half) => {
      const steps = pass(connection, put, step, words, half)
      return [steps, next(steps)] as const
    }),
  )
  try {
    while (asked.size > 0) {
      const { steps, result } = await Promise.race(asked.values())
      asked.delete(steps)
      if (result.done) continue
      yield result.value
      asked.set(steps, next(steps))
    }
  } finally {
    await Promise.allSettled(asked.values())
  }
}

/** Three digits of an estimate: it is no better than that. */
const rounded = (estimate: number): number => Number(estimate.toPrecision(3))

/** Counts the family in one pass, or by a sample where there are many keys; no key is held. */
export const countFamily = async (connection: RedisConnection, clock: Clock, ttl: number, sample = sampled): Promise<Family> => {
  const all = await connection.use((redis) => redis.dbsize())
  const until = clock.now().getTime() + patience
  let [found, foreign, longer, looked, began] = [0, 0, 0, 0, 0]
  let firstLonger = ''
  let whole = true
  for await (const [next, now, ours, others, long, first] of pass(connection, look, looking, [ttl, 0])) {
    began ||= Number(now)
    found += Number(ours)
    foreign += Number(others)
    longer += Number(long)
    firstLonger ||= String(first)
    looked += looking
    whole = String(next) === '0'
    if (!whole && (looked >= sample || clock.now().getTime() > until || connection.left() < leftByPass)) break
  }
  const share = all / Math.min(looked, all || 1)
  return {
    keys: whole ? found : rounded(found * share),
    foreign: whole ? foreign : rounded(foreign * share),
    longer,
    ...(longer > 0 && { firstLonger }),
    ...(!whole && { sampled: { looked, of: all } }),
    began,
  }
}

/** Whether keys are left that were there at `began`; the pass ends at the first step that has one. */
export const oldOfFamily = async (connection: RedisConnection, ttl: number, began: number): Promise<OldKeys> => {
  for await (const [next, , , , , , older, first] of pass(connection, look, looking, [ttl, began + ttl]))
    if (Number(older) > 0) return { keys: Number(older), first: String(first), more: String(next) !== '0' }
  return { keys: 0, more: false }
}

/** Deletes the family in one pass. What lives longer than it, and far more keys than there were, stop it. */
export const forgetFamily = async (connection: RedisConnection, clock: Clock, { ttl, most, signal, seen }: Forgetting): Promise<void> => {
  const since = clock.now().getTime()
  let gone = 0
  let told = since
  for await (const [, deleted, longer] of passInHalves(connection, forget, forgetting, [ttl])) {
    gone += Number(deleted)
    const now = clock.now().getTime()
    if (longer !== '')
      throw stopped(`${String(longer)} lives longer than the cache's keys do`, 'something else writes it: it was left alone', gone)
    if (gone > most) throw stopped(`more than ${counted(most, 'key')} were found`, 'keys come faster than the plan knew of', gone)
    signal.throwIfAborted()
    if (now - since > longest) throw stopped('the pass took longer than 10 min', 'keys come as fast as they go', gone)
    if (now - told < toldEvery) continue
    told = now
    await seen?.({ gone, ms: now - since })
  }
}

const stopped = (failed: string, cause: string, gone: number): Moved =>
  new Moved({
    code: 'redis-family-moved',
    failed,
    cause: `${cause}; ${counted(gone, 'key is', 'keys are')} gone`,
    next: 'honeydue cache:status',
  })
