import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { writeTask } from '../asynq-message.ts'
import { systemClock } from '../clock.ts'
import type { RedisSandbox } from '../sandbox/redis/redis.ts'

/** What became of the jobs of the application. */
export interface Jobs {
  /** Put into the queue. */
  readonly made: number
  readonly done: number
  /** Gone, and nobody carried them out. */
  readonly lost: number
  /** Reminders that were put in once too often: each scheduler that lives puts in its own. */
  readonly doubled: number
  /** Redis did not take them. */
  readonly refused: number
  /** The last one was not taken. */
  readonly refusing: boolean
  /** Seconds that the oldest one waits which nobody has begun; 0 where none waits. */
  readonly waits: number
}

const prefix = 'asynq:{default}:'
const patience = 3_000
/** Of so many jobs one is a reminder, which the scheduler puts in. */
const reminder = 3

/** Puts a job into the queue every so many milliseconds, as api and the scheduler do, and looks what becomes of it, until the signal. */
export const makeJobs = (
  redis: RedisSandbox,
  { every, signal }: { readonly every: number; readonly signal: AbortSignal },
): { readonly counts: () => Jobs; readonly again: () => void } => {
  const none = { made: 0, done: 0, lost: 0, doubled: 0, refused: 0, refusing: false }
  let counts = none
  /** By id: the last state that was seen; new: none was. */
  const open = new Map<string, string>()
  /** When each of them was put in. */
  const since = new Map<string, number>()
  let began = {}
  const put = async (type: string) => {
    const [id, mine] = [randomUUID(), began]
    open.set(id, 'new')
    since.set(id, Date.now())
    const taken = await enqueue(redis, id, type)
    if (signal.aborted || mine !== began) return
    if (!taken) {
      counts = { ...counts, refused: counts.refused + 1, refusing: true }
      open.delete(id)
      redis.store.delete(`${prefix}t:${id}`)
      return
    }
    counts = { ...counts, made: counts.made + 1, refusing: false }
    // One that was done before its answer came is done.
    if (open.get(id) === 'new' && redis.store.get(`${prefix}t:${id}`) === undefined) {
      open.delete(id)
      counts = { ...counts, done: counts.done + 1 }
    }
  }
  const look = () => {
    for (const [id, before] of open) {
      const task = redis.store.get(`${prefix}t:${id}`)
      if (task?.type === 'hash') open.set(id, task.fields.get('state') ?? before)
      else if (before !== 'new') {
        open.delete(id)
        counts = before === 'active' ? { ...counts, done: counts.done + 1 } : { ...counts, lost: counts.lost + 1 }
      }
    }
  }
  const schedulers = (): number => {
    const living = redis.store.get('asynq:schedulers')
    return living?.type === 'zset' ? living.scores.size : 0
  }
  const go = async () => {
    for (let at = 1; !signal.aborted; at++) {
      if (at % reminder !== 0) void put('notification:push')
      else {
        const own = schedulers()
        counts = { ...counts, doubled: counts.doubled + Math.max(0, own - 1) }
        for (let one = 0; one < own; one++) void put('reminder:task')
      }
      for (let waited = 0; waited < every && !signal.aborted; waited += 200) {
        look()
        await systemClock.sleep(Math.min(200, every), signal).catch(() => {})
      }
    }
  }
  void go()
  return {
    counts: () => {
      look()
      for (const id of since.keys()) if (!open.has(id)) since.delete(id)
      const waiting = [...open].flatMap(([id, state]) => (state === 'active' ? [] : (since.get(id) ?? [])))
      return { ...counts, waits: waiting.length === 0 ? 0 : Math.round((Date.now() - Math.min(...waiting)) / 1000) }
    },
    // What was put in before is not counted when it ends.
    again: () => {
      open.clear()
      began = {}
      counts = none
    },
  }
}

/** Over the wire, as the application does: whatever is wrong with Redis is wrong for it too. False where it was not taken. */
const enqueue = (redis: RedisSandbox, id: string, type: string): Promise<boolean> => {
  const task = { id, type, queue: 'default', retry: 25, retried: 0, error: '', failedAt: 0, uniqueKey: '', payload: '{}' }
  const words = [
    ['AUTH', redis.settings.get('requirepass') ?? ''],
    ['HSET', `${prefix}t:${id}`, 'msg', writeTask(task), 'state', 'pending', 'pending_since', String(Date.now() * 1e6)],
    ['LPUSH', `${prefix}pending`, id],
  ]
  return new Promise((resolve) => {
    const socket = connect({ host: redis.host, port: redis.port, timeout: patience })
    let said = ''
    const end = (taken: boolean) => {
      socket.destroy()
      resolve(taken)
    }
    socket.setEncoding('latin1').on('data', (text: string) => {
      said += text
      if (said.startsWith('-') || said.includes('\n-')) end(false)
      else if (said.split('\r\n').length > words.length) end(true)
    })
    socket
      .on('timeout', () => end(false))
      .on('error', () => end(false))
      .on('close', () => end(false))
    socket.write(Buffer.concat(words.map(encoded)))
  })
}

const encoded = (words: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from(`*${words.length}\r\n`),
    ...words.flatMap((word) => [Buffer.from(`$${Buffer.byteLength(word)}\r\n`), Buffer.from(word), Buffer.from('\r\n')]),
  ])
