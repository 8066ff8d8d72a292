import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { type PostgresSandbox, startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { postgresSystem } from '../../../src/lib/systems/postgres/postgres.ts'
import type { Postgres, PostgresTarget } from '../../../src/lib/systems/postgres/types.ts'

let sandbox: PostgresSandbox
let system: Postgres
const caFile = join(tmpdir(), `honeydue-ca-${process.pid}.pem`)
const target = (host: string, changed: Partial<PostgresTarget> = {}): PostgresTarget => ({
  host,
  port: 5432,
  user: sandbox.user,
  database: sandbox.database,
  password: new Secret(sandbox.password),
  ...changed,
})
const application = async () => ({ direct: target(sandbox.directHost), pooler: target(sandbox.poolerHost) })
const hostaddr = () => ({
  [sandbox.directHost]: `127.0.0.1:${sandbox.port}`,
  [sandbox.poolerHost]: `127.0.0.1:${sandbox.port}`,
  'elsewhere.example': `127.0.0.1:${sandbox.port}`,
})

beforeAll(async () => {
  sandbox = await startPostgres({ authority: createAuthority('honeyDue sandbox'), poolSize: 3 })
  writeFileSync(caFile, sandbox.ca)
  system = postgresSystem({ application, hostaddr: hostaddr(), caFile, connectTimeout: 10_000 })
})
afterAll(async () => {
  await system?.close()
  await sandbox?.stop()
  rmSync(caFile, { force: true })
})

const answerTo = async (packet: Buffer): Promise<string> => {
  const socket = createConnection(sandbox.port, '127.0.0.1', () => socket.write(packet))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  return answer.toString('latin1')
}
const codeOf = async (host: string, changed: Partial<PostgresTarget> = {}, options = {}) => {
  const other = postgresSystem({ application, hostaddr: hostaddr(), caFile, connectTimeout: 10_000, ...options })
  const facts = await other.read.endpoint(target(host, changed)).finally(other.close)
  return facts.reachable ? 'reachable' : facts.trouble.code
}

test('PostgreSQL sleeps until it is asked for, and plain text is refused as Neon does', async () => {
  const plain = Buffer.from('00000017000300007573657200610000', 'hex')
  plain.writeInt32BE(plain.length, 0)
  expect(await answerTo(plain)).toContain('connection is insecure (try using `sslmode=require`)')
  expect(sandbox.running).toBe(false)
})

test('both endpoints verify, and are told apart by measuring', async () => {
  // The first start on a machine makes the cluster's template, which takes longer than a connection may.
  await sandbox.start()
  const [direct, pooler] = await Promise.all([
    system.read.endpoint(target(sandbox.directHost)),
    system.read.endpoint(target(sandbox.poolerHost)),
  ])
  expect(direct).toMatchObject({ reachable: true, pooled: false, tls: { protocol: 'TLSv1.3' }, readOnly: false })
  expect(pooler).toMatchObject({ reachable: true, pooled: true, clientAddress: '127.0.0.1' })
  expect(pooler).toMatchObject({ database: 'honeyDue', serverAddress: '127.0.0.1', connections: expect.any(Number) })
  expect((await system.reached?.())?.map(({ is }) => is).sort()).toEqual(
    [sandbox.directHost, sandbox.poolerHost].map((host) => `database honeyDue on ${host}`).sort(),
  )
})

test('what is wrong with an endpoint has a stable code', async () => {
  expect(await codeOf(sandbox.directHost, { password: new Secret('wrong') })).toBe('postgres-password')
  expect(await codeOf(sandbox.poolerHost, { password: new Secret('wrong') })).toBe('postgres-password')
  expect(await codeOf(sandbox.directHost, { database: 'honeydue' })).toBe('postgres-no-database')
  expect(await codeOf('elsewhere.example')).toBe('postgres-tls')
  expect(await codeOf(sandbox.directHost, {}, { hostaddr: { [sandbox.directHost]: '127.0.0.1:1' } })).toBe('postgres-refused')
  sandbox.behave('pooler', { answer: 'silence' })
  sandbox.behave('direct', { answer: 'reset' })
  expect(await codeOf(sandbox.poolerHost, {}, { connectTimeout: 400 })).toBe('postgres-silent')
  expect(await codeOf(sandbox.directHost)).toBe('postgres-lost')
  expect(await sandbox.openApplicationConnections({ host: sandbox.poolerHost, application: 'honeydue-api', count: 1 })).toMatchObject({
    reachable: false,
  })
  await sandbox.reset()
  expect(await codeOf(sandbox.directHost)).toBe('reachable')
})

test("the application's connections and who blocks whom are visible", async () => {
  const pod = await sandbox.openApplicationConnections({ host: sandbox.directHost, application: 'honeydue-api', count: 2 })
  const sessions = await system.read.sessions(target(sandbox.directHost))
  expect(sessions.filter(({ application }) => application === 'honeydue-api')).toHaveLength(2)
  await pod.close()
  await expect
    .poll(async () => (await system.read.sessions(target(sandbox.directHost))).map(({ application }) => application))
    .not.toContain('honeydue-api')
})

test("goose's table is read, never written", async () => {
  expect(await system.read.versions(target(sandbox.directHost))).toMatchObject({
    exists: true,
    tables: 6,
    applied: [{ version: 1n }, { version: 2n }],
  })
  await sandbox.query('DROP TABLE goose_db_version')
  expect(await system.read.versions(target(sandbox.directHost))).toMatchObject({ exists: false, tables: 6, applied: [] })
  expect((await sandbox.query("SELECT to_regclass('goose_db_version') AS there"))[0]).toEqual({ there: null })
  await sandbox.reset()
  await expect.poll(async () => (await system.read.versions(target(sandbox.directHost)).catch(() => undefined))?.exists).toBe(true)
})

test('a stranded advisory lock is seen, and ends with exactly its backend', async () => {
  const stranding = postgresSystem({ application, hostaddr: hostaddr(), caFile })
  await sandbox.query('SELECT 1')
  const { Client } = await import('pg')
  const locker = new Client({
    host: '127.0.0.1',
    port: sandbox.port,
    user: sandbox.user,
    database: sandbox.database,
    password: sandbox.password,
    application_name: 'honeydue-api',
    ssl: { ca: sandbox.ca, servername: sandbox.poolerHost },
  })
  await locker.connect()
  await locker.query('SELECT pg_advisory_lock(4294967297)')
  await locker.end()
  const direct = target(sandbox.directHost)
  const [lock] = await stranding.read.advisoryLocks(direct)
  expect(lock).toMatchObject({ key: '4294967297', granted: true })
  const holder = (await stranding.read.sessions(direct)).find(({ pid }) => pid === lock?.pid)
  if (!holder) throw new Error('no holder')
  await expect(stranding.write.endBackend(direct, { ...holder, state: 'active' })).rejects.toMatchObject({ code: 'backend-moved' })
  await stranding.write.endBackend(direct, holder)
  await expect.poll(() => stranding.read.advisoryLocks(direct)).toEqual([])
  await stranding.close()
})

test('killing the parent leaves no PostgreSQL and no folder behind', async () => {
  const script = `
    import { createAuthority } from ${JSON.stringify(fileURLToPath(new URL('../../../src/lib/sandbox/certificates.ts', import.meta.url)))}
    import { startPostgres } from ${JSON.stringify(fileURLToPath(new URL('../../../src/lib/sandbox/postgres/postgres.ts', import.meta.url)))}
    const sandbox = await startPostgres({ authority: createAuthority('x') })
    const [row] = await sandbox.query("SELECT pg_backend_pid() AS pid, current_setting('unix_socket_directories') AS folder")
    console.log(JSON.stringify(row))
    setInterval(() => {}, 1000)`
  const { build } = await import('esbuild')
  const outfile = fileURLToPath(new URL(`../../../node_modules/.cache/honeydue-crash-${process.pid}.mjs`, import.meta.url))
  await build({
    stdin: { contents: script, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    outfile,
  })
  const child = spawn(process.execPath, [outfile], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  const { folder } = JSON.parse(line.toString()) as { folder: string }
  const postmaster = Number(readPid(folder))
  expect(alive(postmaster)).toBe(true)
  child.kill('SIGKILL')
  for (let waited = 0; waited < 100 && (alive(postmaster) || exists(folder)); waited++) await sleep(50)
  expect([alive(postmaster), exists(folder)]).toEqual([false, false])
  rmSync(outfile, { force: true })
})

const readPid = (folder: string): string => readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n')[0] ?? ''
const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const exists = (folder: string): boolean => {
  try {
    return readdirSync(folder).length >= 0
  } catch {
    return false
  }
}

test('the superuser is let in over no way: not by the front, not by the socket, not by the port, with whatever password', async () => {
  await sandbox.start()
  const asked = ['', 'wrong', 'cloud_admin', sandbox.password].flatMap((password) =>
    [sandbox.directHost, sandbox.poolerHost].map((host) => codeOf(host, { user: 'cloud_admin', password: new Secret(password) })),
  )
  // The client itself refuses to log in by SCRAM without a password.
  expect([...new Set(await Promise.all(asked))].sort()).toEqual(['postgres-lost', 'postgres-password'])
  const [{ port, folder } = { port: '', folder: '' }] = (await sandbox.query(
    "SELECT current_setting('port') AS port, current_setting('unix_socket_directories') AS folder",
  )) as readonly { port: string; folder: string }[]
  for (const host of [folder, '127.0.0.1']) {
    const client = new Client({ host, port: Number(port), user: 'cloud_admin', database: 'template1', password: 'wrong' })
    client.on('error', () => {})
    await expect(client.connect()).rejects.toMatchObject({ code: '28P01' })
    await client.end().catch(() => {})
  }
})
