import { afterAll, beforeAll } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { invalidate } from '../../src/lib/procedures/cache/invalidate.ts'
import { type RedisSandbox, startRedis } from '../../src/lib/sandbox/redis/redis.ts'
import { Secret } from '../../src/lib/secret.ts'
import { redisSystem } from '../../src/lib/systems/redis/redis.ts'
import { laws } from './laws.ts'

const password = 'planted-redis-password'
let server: RedisSandbox
let redis: ReturnType<typeof redisSystem>

const open = () =>
  redisSystem({
    dial: async () => ({ host: server.host, port: server.port, close: async () => {} }),
    password: async () => new Secret(password),
    clock: systemClock,
    timeout: 2000,
  })
const reset = async () => {
  await redis.close()
  server.reset()
  redis = open()
}

beforeAll(async () => {
  // The sandbox loads its Lua when the first script comes, which may take longer than these connections wait.
  await import('../../src/lib/sandbox/redis/lua.ts')
  server = await startRedis({ password })
  redis = open()
})
afterAll(async () => {
  await redis.close()
  await server.stop()
})

const users = (...user: readonly string[]) => ({ user, 'all-residence-ids': false, 'at-most': '10000' })
const everyone = { user: [], 'all-residence-ids': true, 'at-most': '10000' }

laws(
  invalidate,
  {
    systems: () => ({ redis }),
    // Names only, task ids left out: the seed draws them anew, and its scores and expiries move with the clock.
    observe: () =>
      server.store
        .keys()
        .map((key) => key.replace(/:t:[0-9a-f-]{36}$/, ':t:<id>'))
        .sort(),
    reset,
    planted: [password],
  },
  [
    { name: 'one user is cached', input: users('7'), arrange: () => {}, meets: 'work' },
    { name: 'one of two users is cached', input: users('7', '999'), arrange: () => {}, meets: 'work' },
    { name: 'the user is not cached', input: users('999'), arrange: () => {}, meets: 'nothing to do' },
    { name: 'everybody', input: everyone, arrange: () => {}, meets: 'work' },
    {
      name: 'a read-only replica',
      input: users('7'),
      arrange: () => server.fail({ kind: 'read-only' }),
      refused: /is a read-only replica/,
    },
    {
      name: 'keys that live longer than the cache',
      input: everyone,
      arrange: () => server.store.set('residence_ids_user:77', '[1]'),
      refused: /residence_ids_user:77 among them: something else writes them/,
    },
  ],
)
