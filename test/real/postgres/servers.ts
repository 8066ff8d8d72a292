import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { type Authority, createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { directHost, poolerHost } from '../../../src/lib/sandbox/postgres/postgres.ts'
import { type PostgresWorld, poolSize } from '../../contract/postgres/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, type Running, startServer, unprivileged } from '../processes.ts'

export interface RealPostgresOptions {
  /** Signs both endpoints' certificates. */
  readonly authority?: Authority
  readonly password?: string
  /** Debian 12's own, or the one that test/real/install.sh builds (default: Debian's). */
  readonly bouncer?: 'debian' | 'built'
  /** PgBouncer asks the server for each login what the role's password is, as a pooler does whose file nobody edits (default: it has them in a file). */
  readonly asksForLogins?: boolean
}

export interface RealPostgres extends PostgresWorld {
  /** Of its Unix socket. */
  readonly folder: string
  /** A superuser's client of any database, past the pooler; the caller ends it. */
  connect(database: string): Promise<Client>
}

const user = 'neondb_owner'
const database = 'honeyDue'

/** PgBouncer 1.24.1, built from its source: Debian 12 has 1.18. */
const built = '/usr/local/lib/honeydue-real/pgbouncer'

const bouncerProgram = (which: RealPostgresOptions['bouncer']): string => {
  if (which !== 'built') return installed('pgbouncer', 'pgbouncer')
  if (existsSync(built)) return built
  throw new Error(`${built} is missing (PgBouncer 1.24.1, built from its source). Next: sudo test/real/install.sh`)
}

/** Debian's PostgreSQL behind a PgBouncer in transaction mode, both with TLS and SCRAM under Neon's names. */
export const realPostgres = async (options: RealPostgresOptions = {}): Promise<RealPostgres> => {
  const [bin, bouncer] = [postgresFolder(), bouncerProgram(options.bouncer)]
  const password = options.password ?? 'contract'
  const authority = options.authority ?? createAuthority('honeyDue real')
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-real-pg-'))
  own(folder)
  const running: Running[] = []
  const stop = async () => {
    for (const server of running.splice(0).reverse()) await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    own(path)
    return path
  }
  const start = async (command: string, args: readonly string[]) =>
    void running.push(await startServer(command, args, { cwd: folder, as: unprivileged }))
  try {
    const data = join(folder, 'data')
    const how = ['--auth-local=trust', '--auth-host=scram-sha-256', '-N', '--locale=C', '-E', 'UTF8']
    run(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', ...how], folder)
    const issued = authority.issue({ commonName: directHost, names: [directHost, poolerHost] })
    const tls = { certificate: file('server.crt', issued.certificate), key: file('server.key', issued.key) }
    const [port, poolerPort] = [await freePort(), await freePort()]
    const settings = {
      port,
      listen_addresses: '127.0.0.1',
      unix_socket_directories: folder,
      fsync: 'off',
      ssl: 'on',
      ssl_cert_file: tls.certificate,
      ssl_key_file: tls.key,
    }
    await start(join(bin, 'postgres'), ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])])
    const connect = async (to: string) => {
      const client = new Client({ host: folder, port, user: 'postgres', database: to })
      client.on('error', () => {})
      await client.connect()
      return client
    }
    const admin = await answering(() => connect('postgres'), 'PostgreSQL')
    await admin.query(`CREATE ROLE ${user} LOGIN CREATEDB CREATEROLE PASSWORD '${password}' IN ROLE pg_monitor, pg_read_all_stats`)
    await admin.query(`CREATE DATABASE "${database}" OWNER ${user}`)
    const { rows } = await admin.query<{ rolpassword: string }>('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [user])
    await admin.end()
    const asks = options.asksForLogins === true
    const users = file('users.txt', asks ? '"postgres" ""\n' : `"${user}" "${rows[0]?.rolpassword}"\n`)
    await start(bouncer, [file('pgbouncer.ini', bouncerConfiguration({ port, poolerPort, users, folder, asks, ...tls }))])
    const world: RealPostgres = {
      places: { direct: { name: directHost, port }, pooler: { name: poolerHost, port: poolerPort } },
      user,
      database,
      password,
      ca: authority.certificate,
      folder,
      connect,
      async admin(sql) {
        const client = await connect(database)
        try {
          return (await client.query<Record<string, unknown>>(sql)).rows
        } finally {
          await client.end()
        }
      },
      async reset() {
        await endAll(world)
        // After a login that failed the pooler tries no other for a while (server_login_retry).
        await answering(() => served(world), 'PgBouncer')
        await endAll(world)
      },
      stop,
    }
    await answering(() => served(world), 'PgBouncer')
    return world
  } catch (error) {
    await stop()
    throw error
  }
}

/** Ends every connection, the pooler's too, which sees them go. */
const endAll = async ({ admin }: PostgresWorld): Promise<void> => {
  await admin(
    "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  )
  await sleep(100)
}

/** A statement through the pooler: it logs clients in by itself, whether or not the server takes it. */
const served = async ({ places, ca, password }: PostgresWorld): Promise<void> => {
  const { name, port } = places.pooler
  const client = new Client({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: name } })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
  } finally {
    await client.end()
  }
}

interface Bouncer {
  readonly port: number
  readonly poolerPort: number
  readonly users: string
  readonly asks: boolean
  readonly folder: string
  readonly certificate: string
  readonly key: string
}

// Over the Unix socket: the server tells the pooler from direct clients by their address.
const bouncerConfiguration = ({ port, poolerPort, users, asks, folder, certificate, key }: Bouncer): string => `[databases]
* = host=${folder} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${poolerPort}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${users}
${asks ? 'auth_user = postgres\nauth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1\n' : ''}pool_mode = transaction
default_pool_size = ${poolSize}
server_login_retry = 1
ignore_startup_parameters = extra_float_digits
client_tls_sslmode = require
client_tls_cert_file = ${certificate}
client_tls_key_file = ${key}
logfile = ${join(folder, 'pgbouncer.log')}
`

/** Both servers refuse root: what they read is theirs. */
const own = (path: string): void => {
  const { uid, gid } = unprivileged
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}

const postgresFolder = (): string => {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')))
  if (found === undefined) throw new Error("postgres is missing (Debian's package postgresql). Next: sudo test/real/install.sh")
  return found
}

const run = (command: string, args: readonly string[], cwd: string): void => {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', ...unprivileged })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
}
