import { createHash, randomUUID } from 'node:crypto'
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

const server = '{worker-7c9d8b5f4-x2k8p:1:5d3c0f7e-9a1b-4d61-8d53-0b8f2a1c9e77}'

/** asynq's keys as asynq 0.24 lays them out: a hash a task, lists for pending and active, sorted sets by time for the others. */
const seedQueue = (db: Keyspace, now: number): void => {
  const second = Math.floor(now / 1000)
  const task = (state: string, type: string): string => {
    const id = randomUUID()
    const fields = new Map([
      ['msg', `\n\u0012${type}\u0012\u0002{}\u001a$${id}"\u0007default`],
      ['state', state],
    ])
    if (state === 'pending') fields.set('pending_since', String(now * 1e6))
    db.put(`asynq:{default}:t:${id}`, { type: 'hash', fields })
    return id
  }
  const tasks = (count: number, state: string, type: string) => Array.from({ length: count }, () => task(state, type))
  const timed = (ids: readonly string[], step: number) => new Map(ids.map((id, i) => [id, second + (i + 1) * step]))
  const active = tasks(1, 'active', 'email:send')
  db.put('asynq:queues', { type: 'set', members: new Set(['default']) })
  db.put('asynq:{default}:pending', { type: 'list', items: tasks(2, 'pending', 'notification:push') })
  db.put('asynq:{default}:active', { type: 'list', items: [...active] })
  db.put('asynq:{default}:lease', { type: 'zset', scores: timed(active, 30) })
  db.put('asynq:{default}:scheduled', { type: 'zset', scores: timed(tasks(3, 'scheduled', 'reminder:task'), 600) })
  db.put('asynq:{default}:retry', { type: 'zset', scores: timed(tasks(1, 'retry', 'email:send'), 60) })
  db.put('asynq:{default}:archived', { type: 'zset', scores: timed(tasks(1, 'archived', 'email:send'), -3600) })
  const today = new Date(now).toISOString().slice(0, 10)
  db.put(`asynq:{default}:processed:${today}`, { type: 'string', text: '1284' }, now + 90 * day)
  db.put(`asynq:{default}:failed:${today}`, { type: 'string', text: '3' }, now + 90 * day)
  db.put('asynq:{default}:processed', { type: 'string', text: '90211' })
  db.put('asynq:servers', { type: 'zset', scores: new Map([[`asynq:servers:${server}`, second + 10]]) })
  db.put(`asynq:servers:${server}`, { type: 'string', text: '\n\u0006worker\u0010\u0001 \n:\u0006active' }, now + hour)
  db.put('asynq:workers', { type: 'zset', scores: new Map([[`asynq:workers:${server}`, second + 10]]) })
  db.put(`asynq:workers:${server}`, { type: 'hash', fields: new Map([[active[0] ?? '', 'email:send']]) }, now + hour)
}

/** What Redis holds when the deployment has run for a while. */
export const seed = (db: Keyspace, now: number): void => {
  seedCaches(db, now)
  seedQueue(db, now)
}
