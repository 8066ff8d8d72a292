import type { Redis } from 'ioredis'
import { readTask } from '../../asynq-message.ts'
import { groupKey, queueKey, taskKey } from './asynq-keys.ts'
import type { JobQueue, Task, TaskState } from './jobs.ts'
import { ask, countOf, listOf, scored, textOf } from './replies.ts'

const batch = 250

interface Place {
  readonly id: string
  readonly state: TaskState
  readonly at?: number
  readonly group?: string
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
    for (const { id, state, group } of inSets) pipeline.zscore(group === undefined ? queueKey(queue, state) : groupKey(queue, group), id)
  })
  const standing = new Set([
    ...listOf(pending).map((id) => `pending ${id}`),
    ...listOf(active).map((id) => `active ${id}`),
    ...inSets.flatMap(({ id, state }, i) => (textOf(scores[i]) === undefined ? [] : [`${state} ${id}`])),
  ])
  return tasks.filter(({ lost, state, id }) => !lost || standing.has(`${state} ${id}`))
}

/** What waits in the groups of a queue: how many altogether, and the oldest of them. */
const readGroups = async (redis: Redis, refused: Set<string>, queue: string, groups: readonly string[], most: number) => {
  const replies = await ask(redis, refused, (pipeline) => {
    for (const group of groups) pipeline.zcard(groupKey(queue, group)).zrange(groupKey(queue, group), '0', String(most - 1), 'WITHSCORES')
  })
  const counts = groups.map((_, i) => countOf(replies[2 * i]))
  const places = groups.flatMap((group, i) =>
    scored(replies[2 * i + 1]).map(([id, at]): Place => ({ id, state: 'aggregating', at, group })),
  )
  return {
    count: counts.reduce<number | undefined>((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0),
    places: places.slice(0, most),
  }
}

/** One queue of asynq with its tasks, at most `most` of each state; `day`: that is counted as today. */
export const readQueue = async (
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
    named,
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
    pipeline.smembers(key('groups'))
  })
  const groups = await readGroups(redis, refused, queue, listOf(named).map(String).sort(), most)
  const counts = {
    pending: countOf(pending),
    active: countOf(active),
    scheduled: countOf(scheduled),
    retry: countOf(retry),
    archived: countOf(archived),
    completed: countOf(completed),
    aggregating: named === undefined ? undefined : groups.count,
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
    ...groups.places,
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
