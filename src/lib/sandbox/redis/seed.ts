import { createHash } from 'node:crypto'
import type { TaskMessage } from '../../asynq-message.ts'
import { taskHash } from './asynq-worker.ts'
import type { Keyspace } from './keyspace.ts'

const fiveMinutes = 5 * 60_000
const hour = 60 * 60_000
const day = 24 * hour

/** The cache families of the book, and keys of the application that it does not name (their prefixes are this sandbox's own). */
const seedCaches = (db: Keyspace, now: number): void => {
  for (let user = 1; user <= 40; user++) {
    db.put(`residence_ids_user:${user}`, { type: 'string', text: JSON.stringify([user, user + 100]) }, now + fiveMinutes - user * 3000)
  }
  for (let user = 1; user <= 60; user++) {
    const token = createHash('sha256').update(`token ${user}`).digest('hex')
    db.put(`sandbox_token:${token}`, { type: 'string', text: String(user) }, now + hour - user * 20_000)
  }
  db.put('sandbox_static:residence_types', { type: 'string', text: '["house","flat","cabin"]' }, now + day)
}

/** The same id for the same job in every sandbox, so that pages and transcripts stay. */
const idOf = (job: string): string =>
  createHash('sha256')
    .update(job)
    .digest('hex')
    .replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-4$3-8$4-$5')

/** asynq's keys as asynq 0.26 lays them out: a hash a task, lists for pending and active, sorted sets by time for the others. */
const seedQueue = (db: Keyspace, now: number): void => {
  const second = Math.floor(now / 1000)
  const tasks = (count: number, state: string, type: string, more: Partial<TaskMessage> = {}) =>
    Array.from({ length: count }, (_, i) => {
      const id = idOf(`${state} ${type} ${i}`)
      const hash = taskHash({ id, type, ...more }, state)
      if (state === 'pending' && hash.type === 'hash') hash.fields.set('pending_since', String((now - (i + 1) * 1000) * 1e6))
      db.put(`asynq:{default}:t:${id}`, hash)
      return id
    })
  const timed = (ids: readonly string[], step: number) => new Map(ids.map((id, i) => [id, second + (i + 1) * step]))
  const refused = { error: 'send: dial tcp: connection refused', failedAt: second - 3600 }
  const active = tasks(1, 'active', 'email:send')
  db.put('asynq:queues', { type: 'set', members: new Set(['default']) })
  db.put('asynq:{default}:pending', { type: 'list', items: tasks(2, 'pending', 'notification:push') })
  db.put('asynq:{default}:active', { type: 'list', items: [...active] })
  db.put('asynq:{default}:lease', { type: 'zset', scores: timed(active, 30) })
  db.put('asynq:{default}:scheduled', { type: 'zset', scores: timed(tasks(3, 'scheduled', 'reminder:task'), 600) })
  db.put('asynq:{default}:retry', { type: 'zset', scores: timed(tasks(1, 'retry', 'email:send', { ...refused, retried: 2 }), 60) })
  db.put('asynq:{default}:archived', {
    type: 'zset',
    scores: timed(tasks(1, 'archived', 'email:send', { ...refused, retried: 25 }), -3600),
  })
  const today = new Date(now).toISOString().slice(0, 10)
  db.put(`asynq:{default}:processed:${today}`, { type: 'string', text: '1284' }, now + 90 * day)
  db.put(`asynq:{default}:failed:${today}`, { type: 'string', text: '3' }, now + 90 * day)
  db.put('asynq:{default}:processed', { type: 'string', text: '90211' })
}

/** What Redis holds when the deployment has run for a while. */
export const seed = (db: Keyspace, now: number): void => {
  seedCaches(db, now)
  seedQueue(db, now)
}
