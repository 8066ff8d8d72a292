import { randomUUID } from 'node:crypto'
import { systemClock } from '../../src/lib/clock.ts'
import { taskHash } from '../../src/lib/sandbox/redis/asynq-worker.ts'
import type { RedisSandbox } from '../../src/lib/sandbox/redis/redis.ts'
import { Secret } from '../../src/lib/secret.ts'
import { redisSystem } from '../../src/lib/systems/redis/redis.ts'

/** Keys by which asynq's workers and schedulers say that they live: they come and go by themselves. */
export const isSignOfLife = (key: string): boolean => /^asynq:(?:schedulers|servers|workers)\b/.test(key)

const prefix = 'asynq:{default}:'

/** A Redis alone, as an operator's command opens it. */
export const openRedis = (server: RedisSandbox, password: string) =>
  redisSystem({
    dial: async () => ({ host: server.host, port: server.port, close: async () => {} }),
    password: async () => new Secret(password),
    clock: systemClock,
    timeout: 5000,
  })

export { idsOf } from '../../src/lib/drills/breaks.ts'

/** One more task in a sorted set of the queue `default`; returns its id. */
export const addTask = (
  server: RedisSandbox,
  state: 'archived' | 'retry' | 'scheduled',
  task: Omit<Parameters<typeof taskHash>[0], 'id'>,
  at = Math.floor(Date.now() / 1000) - 60,
): string => {
  const id = randomUUID()
  const value = server.store.get(prefix + state)
  server.store.put(prefix + state, { type: 'zset', scores: new Map([...(value?.type === 'zset' ? value.scores : []), [id, at]]) })
  server.store.put(`${prefix}t:${id}`, taskHash({ id, ...task }, state))
  return id
}

/** One more task that waits in a group of the queue `default`; returns its id. */
export const addGrouped = (server: RedisSandbox, group: string, task: Omit<Parameters<typeof taskHash>[0], 'id'>): string => {
  const id = randomUUID()
  const [names, waiting] = [server.store.get(`${prefix}groups`), server.store.get(`${prefix}g:${group}`)]
  server.store.put(`${prefix}groups`, { type: 'set', members: new Set([...(names?.type === 'set' ? names.members : []), group]) })
  server.store.put(`${prefix}g:${group}`, {
    type: 'zset',
    scores: new Map([...(waiting?.type === 'zset' ? waiting.scores : []), [id, Math.floor(Date.now() / 1000)]]),
  })
  const hash = taskHash({ id, ...task }, 'aggregating')
  if (hash.type === 'hash') hash.fields.set('group', group)
  server.store.put(`${prefix}t:${id}`, hash)
  return id
}

/** Redis evicted it: its id stays behind. */
export const evict = (server: RedisSandbox, id: string): void => void server.store.delete(`${prefix}t:${id}`)
