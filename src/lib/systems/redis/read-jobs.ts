import type { Redis } from 'ioredis'
import { readEntry, readServer } from '../../asynq-message.ts'
import { chunksOf } from '../../chunks.ts'
import { lockedTypeOf, queueOf, taskKey } from './asynq-keys.ts'
import type { JobLock, JobQueue, JobScheduler, Jobs } from './jobs.ts'
import { readQueue } from './read-queue.ts'
import { ask, listOf, scored, textOf } from './replies.ts'

const readLocks = async (redis: Redis, refused: Set<string>, keys: readonly string[]): Promise<readonly JobLock[]> => {
  const asked = await ask(redis, refused, (pipeline) => {
    for (const key of keys) pipeline.get(key).pttl(key)
  })
  const locks = keys.flatMap((key, i) => {
    const [id, left] = [textOf(asked[i * 2]), Number(asked[i * 2 + 1])]
    const queue = queueOf(key)
    return id === undefined || queue === undefined ? [] : [{ key, queue, type: lockedTypeOf(key) ?? '', id, ...(left >= 0 && { left }) }]
  })
  // The lock once more after the task: one whose task ended in between went with it.
  const again = await ask(redis, refused, (pipeline) => {
    for (const { queue, id, key } of locks) pipeline.hexists(taskKey(queue, id), 'msg').get(key)
  })
  return locks.map((lock, i) => ({ ...lock, lost: again[2 * i] === 0 && textOf(again[2 * i + 1]) === lock.id }))
}

/** The processes in a set whose time has not come by the server's clock, each with what stands under its name. */
const readAlive = async (redis: Redis, refused: Set<string>, set: string, now: number, kind: 'string' | 'list') => {
  const [members] = await ask(redis, refused, (pipeline) => pipeline.zrangebyscore(set, now, '+inf', 'WITHSCORES'))
  const alive = scored(members)
  const values = await ask(redis, refused, (pipeline) => {
    for (const [key] of alive) kind === 'string' ? pipeline.getBuffer(key) : pipeline.lrangeBuffer(key, 0, -1)
  })
  return alive.map(([key, until], i) => ({ key, until, value: values[i] }))
}

const schedulersOf = (alive: Awaited<ReturnType<typeof readAlive>>): readonly JobScheduler[] =>
  alive.map(({ key, until, value }) => ({
    name: key.replace(/^asynq:schedulers:\{(.*)\}$/, '$1'),
    until,
    entries: listOf(value).flatMap((one) => (Buffer.isBuffer(one) ? (readEntry(one) ?? []) : [])),
  }))

/** The schedulers that live, and nothing of the queues; undefined where the server refuses to say. */
export const readSchedulers = async (redis: Redis): Promise<readonly JobScheduler[] | undefined> => {
  const refused = new Set<string>()
  const [time] = await ask(redis, refused, (pipeline) => pipeline.time())
  const alive = await readAlive(redis, refused, 'asynq:schedulers', Number(listOf(time)[0] ?? 0), 'list')
  return refused.size > 0 ? undefined : schedulersOf(alive)
}

/** Queues that are read at a time: whatever else is named like one of them must not be asked for all at once. */
const queuesAtOnce = 8

const readQueues = async (names: readonly string[], read: (name: string) => Promise<JobQueue>): Promise<readonly JobQueue[]> => {
  const found: JobQueue[] = []
  for (const part of chunksOf(names, queuesAtOnce)) found.push(...(await Promise.all(part.map(read))))
  return found
}

/** All that asynq keeps; `scanned`: keys that begin with `asynq:{`, by which queues that are not listed and locks are found. At most `most` tasks of each state are looked at. */
export const readJobs = async (
  redis: Redis,
  scanned: { readonly keys: readonly string[]; readonly complete: boolean },
  most: number,
): Promise<Jobs> => {
  const refused = new Set<string>()
  const [time, members] = await ask(redis, refused, (pipeline) => pipeline.time().smembers('asynq:queues'))
  const [second = 0, microsecond = 0] = listOf(time).map(Number)
  const day = new Date(second * 1000).toISOString().slice(0, 10)
  const listed = new Set(listOf(members).map(String))
  const names = [...new Set([...listed, ...scanned.keys.flatMap((key) => queueOf(key) ?? [])])].sort()
  // Over a slow line one after the other takes as long as all their answers together.
  const [queues, servers, schedulers, locks] = await Promise.all([
    readQueues(names, (name) => readQueue(redis, refused, name, listed.has(name), day, most)),
    readAlive(redis, refused, 'asynq:servers', second, 'string'),
    readAlive(redis, refused, 'asynq:schedulers', second, 'list'),
    readLocks(redis, refused, scanned.keys.filter((key) => lockedTypeOf(key) !== undefined).sort()),
  ])
  return {
    now: second * 1000 + Math.floor(microsecond / 1000),
    queues,
    locks,
    scannedAll: scanned.complete,
    servers: servers.flatMap(({ until, value }) => {
      const server = Buffer.isBuffer(value) ? readServer(value) : undefined
      return server ? [{ ...server, until }] : []
    }),
    schedulers: schedulersOf(schedulers),
    refused: [...refused],
  }
}
