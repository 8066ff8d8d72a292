import { afterAll, beforeAll } from 'vitest'
import { type RedisSandbox, startRedis } from '../../src/lib/sandbox/redis/redis.ts'
import type { redisSystem } from '../../src/lib/systems/redis/redis.ts'
import { openRedis } from '../support/queue.ts'

const password = 'planted-redis-password'

/** The job queue of a Redis alone, as the laws of queue:… look at it. */
export const queueSubject = () => {
  let running: RedisSandbox | undefined
  let redis: ReturnType<typeof redisSystem> | undefined
  const server = (): RedisSandbox => {
    if (!running) throw new Error('Redis runs only inside tests')
    return running
  }
  beforeAll(async () => {
    running = await startRedis({ password })
    redis = openRedis(running, password)
  })
  afterAll(async () => {
    await redis?.close()
    await running?.stop()
  })
  return {
    server,
    subject: {
      systems: () => {
        if (!redis) throw new Error('Redis runs only inside tests')
        return { redis }
      },
      // Which task is in which state, the locks and the pause; ids are drawn anew, and times pass.
      observe: () =>
        server()
          .store.keys()
          .filter((key) => key.startsWith('asynq:{'))
          .map((key) => {
            const value = server().store.get(key)
            const name = key.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '<id>')
            if (value?.type === 'hash') return `${name} ${value.fields.get('state')}`
            if (value?.type === 'list') return `${name} ${value.items.length}`
            return value?.type === 'zset' ? `${name} ${value.scores.size}` : name
          })
          .sort(),
      reset: async () => {
        await redis?.close()
        server().reset()
        redis = openRedis(server(), password)
      },
      planted: [password],
    },
  }
}
