import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { redisClient } from '../../contract/redis/world.ts'
import { isSignOfLife } from '../../support/queue.ts'
import { ask, type Case, refusal, said } from './say.ts'
import { type Deployment, rotate, typed } from './world.ts'

/** How many keys there are, without the worker's own signs of life, which come and go. */
const keysOf = async (world: Deployment): Promise<number> => {
  const redis = redisClient(world.redis, planted.redisPassword)
  try {
    return (await redis.keys('*')).filter((key) => !isSignOfLife(key)).length
  } finally {
    redis.disconnect()
  }
}

const invalidate = ['cache:invalidate', '--user', '7'] as const
const everyone = ['cache:invalidate', '--all-residence-ids', '--confirm', 'residence_ids_user:*'] as const

/** cache:status and cache:invalidate. */
export const cacheCases: readonly Case[] = [
  {
    name: 'cache:status',
    expected: { code: 0, findings: [], noted: true },
    give: async (world) => {
      const { stdout } = await typed(world.environmentFile, ['cache:status'])
      const note = 'allkeys-lru may evict queued jobs: cache and asynq share this Redis'
      return { ...said(await ask(world, 'cache:status')), noted: stdout.replace(/\s+/g, ' ').includes(note) }
    },
  },
  {
    name: 'cache:invalidate: one user, then nothing is left to do',
    expected: { first: ['done'], second: ['already'], keys: 41 },
    give: async (world) => {
      const first = await ask(world, ...invalidate)
      const second = await ask(world, ...invalidate)
      return { first: first.document.states, second: second.document.states, keys: await keysOf(world) }
    },
  },
  {
    name: 'cache:invalidate: a dry run leaves every key',
    expected: { code: 0, keys: 42 },
    give: async (world) => ({ code: (await ask(world, ...invalidate, '--dry-run')).code, keys: await keysOf(world) }),
  },
  {
    name: 'cache:invalidate: every user, the queue stays',
    expected: { states: ['done'], keys: 2 },
    give: async (world) => ({ states: (await ask(world, ...everyone)).document.states, keys: await keysOf(world) }),
  },
  {
    name: 'cache:invalidate: Redis accepts and does not answer',
    expected: refusal(9, 'redis-silent'),
    give: async (world) => {
      await world.redis.freeze()
      return said(await ask(world, ...invalidate))
    },
  },
  {
    name: 'cache:invalidate: a read-only replica',
    expected: { ...refusal(3, 'checks-failed'), keys: 42 },
    give: async (world) => {
      await world.redis.becomeReplica()
      return { ...said(await ask(world, ...invalidate)), keys: await keysOf(world) }
    },
  },
  {
    name: 'cache:invalidate: the password was rotated without a restart',
    expected: { ...refusal(9, 'redis-credentials'), keys: 42 },
    give: async (world) => {
      rotate(world, 'REDIS_PASSWORD', 'another')
      return { ...said(await ask(world, ...invalidate)), keys: await keysOf(world) }
    },
  },
]
