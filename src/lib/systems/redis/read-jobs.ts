import type { ChainableCommander, Redis } from 'ioredis'
import { readEntry, readServer, readTask } from '../../asynq-message.ts'
import { chunksOf } from '../../chunks.ts'
import { lockedTypeOf, queueKey, queueOf, taskKey } from './asynq-keys.ts'
import type { JobLock, JobQueue, JobScheduler, Jobs, Task, TaskState } from './jobs.ts'

/** Runs questions in one pipeline; a refused one is undefined, and its words are noted once. */
const ask = async (redis: Redis, refused: Set<string>, questions: (pipeline: ChainableCommander) => void): Promise<readonly unknown[]> => {
  const pipeline = redis.pipeline()
  questions(pipeline)
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (!error) return value
    if (error.name !== 'ReplyError') throw error
    refused.add(error.message)
    return undefined
  })
}

const textOf = (value: unknown): string | undefined =>
  Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const countOf = (value: unknown): number | undefined => (value === undefined ? undefined : Number(value))

/** Members with their scores, as a sorted set tells them. */
const scored = (value: unknown): readonly (readonly [string, number])[] => {
  const flat = listOf(value).map(String)
  return flat.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(flat[i + 1])] as const] : []))
}

const batch = 250

interface Place {
  readonly id: string
  readonly state: TaskState
  readonly at?: number
}

const readTasks = async (redis: Redis, refused: Set<string>, queue: string, places: readonly Place[]): Promise<readonly Task[]> => {
  const found: Task[] = []
  for (let from = 0; from < places.length; from += batch) {
    const part = places.slice(from, from + batch)
    const replies = await ask(redis, refused, (pipeline) => {
      for (const { id } of part) pipeline.hmgetBuffer(taskKey(queue, id), 'msg', 'pending_since')
    })
    for (const [i, place] of part.entries()) {
      const reply = replies[i]
      const [msg, since] = listOf(reply)
      const message = Buffer.isBuffer(msg) ? readTask(msg) : undefined
      const nanoseconds = textOf(since)
      found.push({
        queue,
        ...place,
        type: message?.type ?? '',
        retry: message?.retry ?? 0,
        retried: message?.retried ?? 0,
        error: message?.error ?? '',
        uniqueKey: message?.uniqueKey ?? '',
        ...(place.state === 'pending' && nanoseconds !== undefined && { pendingSince: Math.floor(Number(nanoseconds) / 1e6) }),
        // A worker that pops an evicted task writes its state anew, and no message.
        lost: reply !== undefined && !Buffer.isBuffer(msg),
      })
    }
  }
  return found
}

/**
 * Without the tasks that seem lost because they ended, or went on to another state, between the look at where they stand and the look at them: asynq
 * moves a task and removes its hash in one script, so that what still stands where it stood, after its hash was missing, has none.
 */
const withoutMoved = async (
  redis: Redis,
  refused: Set<string>,
  queue: string,
  tasks: readonly Task[],
  most: number,
): Promise<readonly Task[]> => {
  const doubtful = tasks.filter(({ lost }) => lost)
  if (doubtful.length === 0) return tasks
  const inSets = doubtful.filter(({ state }) => state !== 'pending' && state !== 'active')
  const [pending, active, ...scores] = await ask(redis, refused, (pipeline) => {
    pipeline.lrange(queueKey(queue, 'pending'), -most, -1).lrange(queueKey(queue, 'active'), 0, most - 1)
    for (const { id, state } of inSets) pipeline.zscore(queueKey(queue, state), id)
  })
  const standing = new Set([
    ...listOf(pending).map((id) => `pending ${id}`),
    ...listOf(active).map((id) => `active ${id}`),
    ...inSets.flatMap(({ id, state }, i) => (textOf(scores[i]) === undefined ? [] : [`${state} ${id}`])),
  ])
  return tasks.filter(({ lost, state, id }) => !lost || standing.has(`${state} ${id}`))
}

const readQueue = async (
  redis: Redis,
  refused: Set<string>,
  queue: string,
  listed: boolean,
  day: string,
  most: number,
): Promise<JobQueue> => {
  const key = (name: string) => queueKey(queue, name)
  const [
    pending,
    active,
    scheduled,
    retry,
    archived,
    completed,
    processed,
    failed,
    pausing,
    waiting,
    running,
    leases,
    due,
    again,
    ended,
    done,
  ] = await ask(redis, refused, (pipeline) => {
    pipeline.llen(key('pending')).llen(key('active'))
    for (const name of ['scheduled', 'retry', 'archived', 'completed']) pipeline.zcard(key(name))
    pipeline
      .get(key(`processed:${day}`))
      .get(key(`failed:${day}`))
      .get(key('paused'))
    // The oldest stands at the end.
    pipeline
      .lrange(key('pending'), -most, -1)
      .lrange(key('active'), 0, most - 1)
      .zrange(key('lease'), '0', '-1', 'WITHSCORES')
    pipeline.zrange(key('scheduled'), '0', String(most - 1), 'WITHSCORES').zrange(key('retry'), '0', String(most - 1), 'WITHSCORES')
    pipeline.zrange(key('archived'), String(-most), '-1', 'WITHSCORES').zrange(key('completed'), String(-most), '-1', 'WITHSCORES')
  })
  const counts = {
    pending: countOf(pending),
    active: countOf(active),
    scheduled: countOf(scheduled),
    retry: countOf(retry),
    archived: countOf(archived),
    completed: countOf(completed),
  }
  const ends = new Map(scored(leases))
  const timed = (value: unknown, state: TaskState): readonly Place[] => scored(value).map(([id, at]) => ({ id, state, at }))
  const places: readonly Place[] = [
    ...[...listOf(waiting)].reverse().map((id): Place => ({ id: String(id), state: 'pending' })),
    ...listOf(running).map((id): Place => {
      const at = ends.get(String(id))
      return { id: String(id), state: 'active', ...(at !== undefined && { at }) }
    }),
    ...timed(due, 'scheduled'),
    ...timed(again, 'retry'),
    ...timed(ended, 'archived'),
    ...timed(done, 'completed'),
  ]
  const since = Number(textOf(pausing))
  return {
    queue,
    counts,
    processedToday: Number(processed ?? 0),
    failedToday: Number(failed ?? 0),
    paused: pausing !== undefined && pausing !== null,
    ...(since > 1e9 && { pausedSince: since }),
    tasks: await withoutMoved(redis, refused, queue, await readTasks(redis, refused, queue, places), most),
    complete: Object.values(counts).every((count) => (count ?? 0) <= most),
    listed,
  }
}

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
