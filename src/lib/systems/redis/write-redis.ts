import { chunksOf } from '../../chunks.ts'
import { type Clock, seconds } from '../../clock.ts'
import { Failed, Moved } from '../../errors.ts'
import { queueKey, queuePrefix, taskKey } from './asynq-keys.ts'
import { deleteTaskScript, dropLockScript, dropLostScript, runTaskScript } from './asynq-scripts.ts'
import type { RedisConnection } from './connection.ts'
import { forgetFamily } from './family.ts'
import { batch, keysOf, unlinkCommand } from './requests.ts'
import type { PasswordWriter, RedisWriter } from './types.ts'

/** UNLINK of users' keys: no other key can be named. */
const unlink = async (connection: RedisConnection, users: readonly string[]): Promise<void> => {
  await connection.use(async (redis) => {
    const pipeline = redis.pipeline()
    for (const keys of chunksOf(keysOf(users), batch)) {
      const [name, ...words] = unlinkCommand(keys)
      pipeline.call(name, ...words)
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
  }, seconds(30))
}

/** What was not dropped is not told as dropped: a worker has it, or it was gone before, because it ran or somebody else dropped it. */
const refuseOthers = (ids: readonly string[], answers: readonly unknown[]): void => {
  const worked = ids.filter((_, i) => answers[i] === -1)
  const gone = ids.filter((_, i) => answers[i] === 0)
  const first = worked[0] ?? gone[0]
  if (first === undefined) return
  const others = worked.length + gone.length > 1 ? `, and ${worked.length + gone.length - 1} more,` : ''
  throw new Failed({
    code: 'queue-not-dropped',
    failed: `job ${first.slice(0, 80)}${others} was not dropped`,
    cause:
      worked.length > 0 ? 'a worker took it meanwhile, and asynq drops no active job' : 'it ran meanwhile, or somebody else dropped it',
  })
}

/** The writing half of Redis. */
export const writeRedis = (connection: RedisConnection, clock: Clock): Omit<RedisWriter, keyof PasswordWriter> => ({
  forgetResidenceIds: (users) => unlink(connection, users),
  forgetAllResidenceIds: (how) => forgetFamily(connection, clock, how),
  pauseQueue: async (queue) => {
    const since = Math.floor(clock.now().getTime() / 1000)
    await connection.use((redis) => redis.setnx(queueKey(queue, 'paused'), since))
  },
  runTasks: async (queue, ids) => {
    await connection.use(async (redis) => {
      const pipeline = redis.pipeline()
      for (const id of ids) {
        const keys = [taskKey(queue, id), queueKey(queue, 'pending'), queueKey(queue, 'groups')]
        pipeline.eval(runTaskScript, keys.length, ...keys, id, queuePrefix(queue), queueKey(queue, 'g:'))
      }
      for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error
    }, seconds(30))
  },
  dropTasks: async (queue, ids) => {
    const answers = await connection.use(async (redis) => {
      const pipeline = redis.pipeline()
      for (const id of ids) {
        const keys = [taskKey(queue, id), queueKey(queue, 'groups')]
        pipeline.eval(deleteTaskScript, keys.length, ...keys, id, queuePrefix(queue), queueKey(queue, 'g:'))
      }
      return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
        if (error) throw error
        return answer
      })
    }, seconds(30))
    refuseOthers(ids, answers)
  },
  dropLost: async (queue, { ids, locks }) => {
    const answers = await connection.use(async (redis) => {
      const pipeline = redis.pipeline()
      for (const id of ids) pipeline.eval(dropLostScript, 1, taskKey(queue, id), id, queuePrefix(queue))
      for (const lock of locks) pipeline.eval(dropLockScript, 1, lock, queuePrefix(queue))
      return ((await pipeline.exec()) ?? []).map(([error, answer]) => {
        if (error) throw error
        return answer
      })
    }, seconds(30))
    const left = ids.filter((_, i) => answers[i] !== 1)
    const [first] = left
    if (first === undefined) return
    throw new Failed({
      code: 'queue-not-lost',
      failed: `job ${first.slice(0, 80)}${left.length > 1 ? `, and ${left.length - 1} more,` : ''} was not dropped`,
      cause: 'a worker took it meanwhile, or its payload is there again',
    })
  },
  setPolicy: async ({ from, to }) => {
    await connection.use(async (redis) => {
      const [, now] = (await redis.config('GET', 'maxmemory-policy')) as string[]
      if (now !== from && now !== to)
        throw new Moved({
          code: 'redis-policy-moved',
          failed: `maxmemory-policy is ${now ?? 'not known'} now, and not ${from}`,
          cause: 'Somebody else set it, or Redis was started again, since the plan was made',
          next: 'honeydue cache:status',
        })
      await redis.config('SET', 'maxmemory-policy', to)
    })
  },
  resumeQueue: async (queue) => {
    await connection.use((redis) => redis.del(queueKey(queue, 'paused')))
  },
})
