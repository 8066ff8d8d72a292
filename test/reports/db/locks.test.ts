import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { gatherActivity } from '../../../src/lib/facts/db/activity.ts'
import { chainsOf, heldLocks } from '../../../src/lib/facts/db/locks.ts'
import { isChange } from '../../../src/lib/plan/procedure.ts'
import { unlock } from '../../../src/lib/procedures/db/unlock.ts'
import { connectionFindings, connectionGroups, connections } from '../../../src/lib/reports/db/connections.ts'
import { lockFindings } from '../../../src/lib/reports/db/lock-findings.ts'
import { locks } from '../../../src/lib/reports/db/locks.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { type PostgresSandbox, startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { postgresSystem } from '../../../src/lib/systems/postgres/postgres.ts'
import type { Postgres, PostgresTarget } from '../../../src/lib/systems/postgres/types.ts'
import { contextOf } from '../../support/context.ts'

let sandbox: PostgresSandbox
let system: Postgres
const caFile = join(tmpdir(), `honeydue-locks-ca-${process.pid}.pem`)
const clients: Client[] = []
const target = (host: string): PostgresTarget => ({
  host,
  port: 5432,
  user: sandbox.user,
  database: sandbox.database,
  password: new Secret(sandbox.password),
})
const application = async () => ({ direct: target(sandbox.directHost), pooler: target(sandbox.poolerHost) })
const look = () => gatherActivity(system.read)
const context = contextOf()
const open = async (host: string, application: string, database = sandbox.database) => {
  const { port, user, password, ca } = sandbox
  const client = new Client({
    host: '127.0.0.1',
    port,
    user,
    database,
    password,
    application_name: application,
    ssl: { ca, servername: host },
  })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

beforeAll(async () => {
  sandbox = await startPostgres({ authority: createAuthority('honeyDue sandbox') })
  writeFileSync(caFile, sandbox.ca)
  const at = `127.0.0.1:${sandbox.port}`
  system = postgresSystem({ application, hostaddr: { [sandbox.directHost]: at, [sandbox.poolerHost]: at }, caFile })
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})))
  sandbox.recyclePooler()
  await expect.poll(async () => (await look()).sessions.filter(({ application }) => application.startsWith('honeydue-')).length).toBe(0)
})
afterAll(async () => {
  await system?.close()
  await sandbox?.stop()
  rmSync(caFile, { force: true })
})

test('the lock of an AutoMigrate start that was stranded on the pooler is recognised and released by one backend', async () => {
  const pod = await open(sandbox.poolerHost, 'honeydue-api')
  await pod.query('SELECT pg_advisory_lock(4711)')
  await pod.end()
  const activity = await look()
  const [lock] = heldLocks(activity)
  expect(lock).toMatchObject({ key: '4711', stranded: true, holder: { via: 'pooler' } })
  expect(lockFindings(activity)[0]).toMatchObject({ level: 'wrong', next: `honeydue db:unlock --pid ${lock?.pid}` })

  expect(lock?.holder?.application).toBe('honeydue-api')
  // Looking through the pooler borrows too: from the second look on, we are the last borrower ourselves.
  const view = await locks.look({}, { postgres: system.read }, context)
  expect(view.tables[1]?.rows[0]?.slice(0, 5)).toEqual(['4711', String(lock?.pid), 'honeydue', 'pooler', 'stranded'])
  const facts = await unlock.gather({ pid: String(lock?.pid) }, { postgres: system.read }, context)
  expect(unlock.subject(facts)).toBe(String(lock?.pid))
  const [step] = unlock.steps(facts)
  if (!step || !isChange(step)) throw new Error('no change')
  expect([await step.check?.({ postgres: system.read }), await step.verify({ postgres: system.read })]).toMatchObject([
    { ok: true },
    { ok: false },
  ])
  const said = system.say.endBackend(facts.target, facts.backend)
  expect(JSON.stringify(said)).not.toContain(sandbox.password)
  await step.apply({ postgres: system.write }, context.signal)
  await expect.poll(() => step.verify({ postgres: system.read })).toEqual({ ok: true })
  expect(lockFindings(await look())).toEqual([])
  await expect(step.apply({ postgres: system.write }, context.signal)).rejects.toMatchObject({ code: 'backend-moved' })
})

test('a lock held directly is not stranded; a chain ends at the one who waits for nobody', async () => {
  const [holder, second, third] = [
    await open(sandbox.directHost, 'honeydue-api'),
    await open(sandbox.directHost, 'honeydue-worker'),
    await open(sandbox.poolerHost, 'honeydue-api'),
  ]
  await holder.query('SELECT pg_advisory_lock(7)')
  await holder.query('BEGIN; LOCK TABLE tasks')
  const waits = [second.query('SELECT count(*) FROM tasks'), third.query('SELECT count(*) FROM tasks')].map((wait) => wait.catch(() => {}))
  await expect.poll(async () => chainsOf(await look())[0]?.waiting.length).toBe(2)
  const activity = await look()
  expect(heldLocks(activity)).toMatchObject([{ key: '7', stranded: false, holder: { via: 'direct' } }])
  expect(chainsOf(activity)).toMatchObject([{ holder: { application: 'honeydue-api', state: 'idle in transaction', via: 'direct' } }])
  expect(lockFindings(activity)).toHaveLength(1)
  expect(connectionGroups(activity)).toContainEqual(
    expect.objectContaining({ application: 'honeydue-api', via: 'direct', count: 1, idleInTransaction: 1 }),
  )
  expect(connectionFindings(activity)).toEqual([])
  expect(
    connectionFindings({ ...activity, capacity: { ...activity.capacity, max: activity.capacity.open + 5, reserved: 5 } })[0]?.text,
  ).toContain('(100 %)')
  await holder.query('ROLLBACK')
  await Promise.all(waits)
})

test('behind a reader, an ALTER that waits stops every other reader: it is named first, and ending it frees them', async () => {
  const [reader, migration, ...others] = [
    await open(sandbox.directHost, 'pg_dump'),
    await open(sandbox.directHost, ''),
    await open(sandbox.poolerHost, 'honeydue-api'),
    await open(sandbox.poolerHost, 'honeydue-api'),
    await open(sandbox.directHost, 'honeydue-worker'),
  ] as const
  await reader.query('BEGIN; SELECT count(*) FROM tasks')
  const altered = migration.query('ALTER TABLE tasks ADD COLUMN x int').then(
    () => 'altered',
    () => 'ended',
  )
  await expect.poll(async () => chainsOf(await look())[0]?.waiting.length).toBe(1)
  const waits = others.map((other) => other.query('SELECT count(*) FROM tasks'))
  await expect.poll(async () => chainsOf(await look())[0]?.waiting.length).toBe(4)
  const view = await locks.look({}, { postgres: system.read }, context)
  const [alter] = chainsOf(await look())[0]?.middle ?? []
  expect(view.findings[0]).toMatchObject({
    next: `honeydue db:unlock --pid ${alter?.pid}`,
    text: expect.stringContaining('ALTER TABLE tasks ADD COLUMN x int) only waits itself, and keeps 3 sessions waiting'),
  })
  expect(view.tables[1]?.rows.map(([, waitsFor]) => waitsFor)).toContain(String(alter?.pid))
  const facts = await unlock.gather({ pid: String(alter?.pid) }, { postgres: system.read }, context)
  await system.write.endBackend(facts.target, facts.backend)
  expect([await altered, (await Promise.all(waits)).length]).toEqual(['ended', 3])
  expect(lockFindings(await look())).toEqual([])
  await reader.query('ROLLBACK')
})

test('advisory keys are signed, in both forms', async () => {
  const client = await open(sandbox.directHost, 'honeydue-api')
  await client.query(
    'SELECT pg_advisory_lock(-1, 7), pg_advisory_lock(-5), pg_advisory_lock(2147483647, -2147483648), pg_advisory_lock(9223372036854775807)',
  )
  expect(
    heldLocks(await look())
      .map(({ key }) => key)
      .sort(),
  ).toEqual(['-1,7', '-5', '2147483647,-2147483648', '9223372036854775807'])
})

test("connections of every database count against the server's limit; where the direct host takes none, the pooler is asked", async () => {
  await sandbox.query('CREATE DATABASE elsewhere OWNER neondb_owner TEMPLATE "honeyDue_pristine"')
  const pooled = await open(sandbox.poolerHost, 'honeydue-api')
  await pooled.query('SELECT 1')
  const far = await Promise.all([1, 2, 3].map(() => open(sandbox.directHost, 'other', 'elsewhere')))
  const view = await connections.look({}, { postgres: system.read }, context)
  expect(view.tables[0]?.rows.at(-1)?.slice(0, 3)).toEqual(['other databases', '', expect.stringMatching(/^[3-9]$/)])
  expect(view.tables[0]?.title).toMatch(/^\d+ of 195 connections$/)
  try {
    await sandbox.query('ALTER ROLE neondb_owner CONNECTION LIMIT 2')
    await system.close()
    const full = await connections.look({}, { postgres: system.read }, context)
    expect(full.findings[0]).toMatchObject({ level: 'wrong', text: expect.stringMatching(/of 2 connections of the role are open/) })
    sandbox.behave('pooler', { answer: 'reset' })
    await system.close()
    await expect(connections.look({}, { postgres: system.read }, context)).rejects.toMatchObject({
      exitCode: 9,
      code: 'postgres-full',
      next: 'honeydue cluster:health',
    })
  } finally {
    sandbox.behave('pooler', { answer: 'normal' })
    await sandbox.query('ALTER ROLE neondb_owner CONNECTION LIMIT -1')
    await Promise.all(far.map((client) => client.end()))
    await sandbox.query('DROP DATABASE elsewhere WITH (FORCE)')
  }
})

test('an endpoint that is a pooler is refused as the place to look from', async () => {
  const pooler = target(sandbox.poolerHost)
  await expect(gatherActivity({ ...system.read, application: async () => ({ direct: pooler, pooler }) })).rejects.toMatchObject({
    code: 'db-not-direct',
  })
  await expect(unlock.gather({ pid: '1' }, { postgres: system.read }, context)).rejects.toMatchObject({ code: 'db-no-backend' })
  expect((await connections.look({}, { postgres: system.read }, context)).findings).toEqual([])
})
