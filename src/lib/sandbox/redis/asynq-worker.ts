import { randomUUID } from 'node:crypto'
import { writeEntry, writeServer, writeTask } from '../../asynq-message.ts'
import type { Keyspace, Value } from './keyspace.ts'

/** Of asynq 0.26: how long a process counts as alive after its last word, in seconds. */
const serverLife = 10
const schedulerLife = 20
const lease = 30
const day = 86_400_000

/** Periodic jobs of this sandbox's own: those of the deployment are not known. `every`: seconds. */
const timetable = [
  { spec: '*/15 * * * *', type: 'reminder:task', every: 900 },
  { spec: '30 * * * *', type: 'upload:cleanup', every: 3600 },
]

const binary = (bytes: Buffer): string => bytes.toString('latin1')
const prefix = 'asynq:{default}:'

const listOf = (db: Keyspace, key: string): readonly string[] => {
  const value = db.peek(key)?.value
  return value?.type === 'list' ? value.items : []
}

const scoresOf = (db: Keyspace, key: string): ReadonlyMap<string, number> => {
  const value = db.peek(key)?.value
  return value?.type === 'zset' ? value.scores : new Map()
}

/** Writes a collection, or drops the key of an empty one. */
const put = (db: Keyspace, key: string, value: Value, expiresAt?: number): void => {
  const size = value.type === 'list' ? value.items.length : value.type === 'zset' ? value.scores.size : 1
  if (size === 0) db.remove(key)
  else db.put(key, value, expiresAt)
}

const putScore = (db: Keyspace, key: string, member: string, score: number): void =>
  put(db, key, { type: 'zset', scores: new Map([...scoresOf(db, key), [member, score]]) })

const dropScore = (db: Keyspace, key: string, member: string): void =>
  put(db, key, { type: 'zset', scores: new Map([...scoresOf(db, key)].filter(([one]) => one !== member)) })

/** A task as asynq lays it out, in its hash. */
export const taskHash = (
  task: Partial<Parameters<typeof writeTask>[0]> & { readonly id: string; readonly type: string },
  state: string,
): Value => ({
  type: 'hash',
  fields: new Map([
    ['msg', binary(writeTask({ payload: '{}', queue: 'default', retry: 25, retried: 0, error: '', failedAt: 0, uniqueKey: '', ...task }))],
    ['state', state],
    ...(task.uniqueKey ? [['unique_key', task.uniqueKey] as const] : []),
  ]),
})

/** The next time after `now` at which something of every so many seconds is due, in Unix seconds. */
const nextOf = (every: number, now: number): number => (Math.floor(now / 1000 / every) + 1) * every

/** Announces one worker process with its scheduler, as asynq's heartbeat does; returns how to take both back. */
const announce = (db: Keyspace, host: string, now: () => number) => {
  const id = randomUUID()
  const startedAt = Math.floor(now() / 1000)
  const [server, workers, scheduler] = [
    `asynq:servers:{${host}:1:${id}}`,
    `asynq:workers:{${host}:1:${id}}`,
    `asynq:schedulers:{${host}:1:${randomUUID()}}`,
  ]
  const entries = timetable.map((entry) => ({ ...entry, id: randomUUID() }))
  const beat = () => {
    const seconds = Math.floor(now() / 1000)
    const active = listOf(db, `${prefix}active`).length
    const message = writeServer({ host, pid: 1, id, concurrency: 10, queues: ['default'], status: 'active', startedAt, active })
    db.put(server, { type: 'string', text: binary(message) }, now() + serverLife * 1000)
    putScore(db, 'asynq:servers', server, seconds + serverLife)
    putScore(db, 'asynq:workers', workers, seconds + serverLife)
    const items = entries.map(({ id, spec, type, every }) => {
      const next = nextOf(every, now())
      return binary(writeEntry({ id, spec, type, next, previous: next - every > startedAt ? next - every : 0 }))
    })
    db.put(scheduler, { type: 'list', items }, now() + schedulerLife * 1000)
    putScore(db, 'asynq:schedulers', scheduler, seconds + schedulerLife)
  }
  const leave = () => {
    for (const key of [server, workers, scheduler]) db.remove(key)
    dropScore(db, 'asynq:servers', server)
    dropScore(db, 'asynq:workers', workers)
    dropScore(db, 'asynq:schedulers', scheduler)
  }
  return { beat, leave }
}

/** Moves what is due to pending. */
const forward = (db: Keyspace, now: number): void => {
  for (const set of ['scheduled', 'retry'])
    for (const [id, at] of scoresOf(db, prefix + set)) {
      if (at * 1000 > now) continue
      dropScore(db, prefix + set, id)
      put(db, `${prefix}pending`, { type: 'list', items: [id, ...listOf(db, `${prefix}pending`)] })
      const hash = db.peek(`${prefix}t:${id}`)?.value
      if (hash?.type === 'hash') {
        hash.fields.set('state', 'pending').set('pending_since', String(now * 1e6))
        db.resized(`${prefix}t:${id}`)
      }
    }
}

/** Ends a task that ran well: everything of it is gone, and it is counted. */
const finish = (db: Keyspace, id: string, now: number): void => {
  put(db, `${prefix}active`, { type: 'list', items: listOf(db, `${prefix}active`).filter((one) => one !== id) })
  dropScore(db, `${prefix}lease`, id)
  db.remove(`${prefix}t:${id}`)
  const count = (key: string, expiresAt?: number) => {
    const value = db.peek(key)?.value
    db.put(key, { type: 'string', text: String(Number(value?.type === 'string' ? value.text : 0) + 1) }, expiresAt)
  }
  count(`${prefix}processed:${new Date(now).toISOString().slice(0, 10)}`, now + 90 * day)
  count(`${prefix}processed`)
}

/** Pops the oldest pending task, as dequeueCmd does: one whose hash is gone gets a state and no message, and nobody ever ends it. */
const pop = (db: Keyspace, now: number): string | undefined => {
  const pending = listOf(db, `${prefix}pending`)
  const id = pending.at(-1)
  if (id === undefined || db.peek(`${prefix}paused`)) return undefined
  put(db, `${prefix}pending`, { type: 'list', items: pending.slice(0, -1) })
  put(db, `${prefix}active`, { type: 'list', items: [id, ...listOf(db, `${prefix}active`)] })
  putScore(db, `${prefix}lease`, id, Math.floor(now / 1000) + lease)
  const key = `${prefix}t:${id}`
  const value = db.peek(key)?.value
  const fields = new Map(value?.type === 'hash' ? value.fields : [])
  fields.set('state', 'active').delete('pending_since')
  db.put(key, { type: 'hash', fields })
  return fields.has('msg') ? id : undefined
}

const work = (db: Keyspace, running: Set<string>, now: number): void => {
  for (const id of running) finish(db, id, now)
  running.clear()
  forward(db, now)
  for (let one = 0; one < 10; one++) {
    const id = pop(db, now)
    if (id !== undefined) running.add(id)
  }
}

export interface WorkerOptions {
  /** The pod's name. */
  readonly host: string
  readonly now: () => number
  readonly signal: AbortSignal
  /** Also takes tasks and ends them, a second each; otherwise it says no more than that it lives. */
  readonly works: boolean
}

/** A worker of the application as asynq 0.26 shows it in Redis, until the signal. */
export const runWorker = (db: Keyspace, { host, now, signal, works }: WorkerOptions): void => {
  if (signal.aborted) return
  const { beat, leave } = announce(db, host, now)
  const running = new Set<string>()
  const turn = () => {
    if (works) work(db, running, now())
    beat()
  }
  turn()
  // What another had begun is this worker's from now on, and takes it a second too: whoever looks five times a second sees that it is worked on.
  if (works) for (const id of listOf(db, `${prefix}active`)) running.add(id)
  const timer = setInterval(turn, 1000)
  timer.unref()
  signal.addEventListener(
    'abort',
    () => {
      clearInterval(timer)
      leave()
    },
    { once: true },
  )
}
