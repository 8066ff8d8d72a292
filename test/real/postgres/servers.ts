import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, type ClientConfig } from 'pg'
import type { Stand } from '../../contract/postgres/contract.ts'

const role = { user: 'neondb_owner', database: 'honeyDue', password: 'contract' }
/** Both servers refuse root. */
const as = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}

/** Debian's PostgreSQL behind Debian's PgBouncer in transaction mode, on ports of their own; says what to install when one is missing. */
export const startRealPostgres = async (): Promise<Stand & { readonly versions: string }> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-real-pg-'))
  if (as.uid !== undefined) chownSync(folder, as.uid, as.gid)
  const children: ChildProcess[] = []
  const stop = async () => {
    for (const child of children.reverse()) {
      child.kill('SIGINT')
      await ended(child)
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const bin = postgresFolder()
    const data = join(folder, 'data')
    run(
      join(bin, 'initdb'),
      ['-D', data, '-U', 'postgres', '--auth-local=trust', '--auth-host=scram-sha-256', '-N', '--locale=C', '-E', 'UTF8'],
      folder,
    )
    const [port, poolerPort] = [await freePort(), await freePort()]
    const settings = ['fsync=off', 'listen_addresses=127.0.0.1', `port=${port}`, `unix_socket_directories=${folder}`]
    children.push(
      spawn(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], {
        stdio: 'ignore',
        cwd: folder,
        ...as,
      }),
    )
    const admin = await answering({ host: folder, port, user: 'postgres', database: 'postgres' })
    await admin.query(`CREATE ROLE ${role.user} LOGIN PASSWORD '${role.password}' IN ROLE pg_signal_backend, pg_read_all_stats`)
    await admin.query(`CREATE DATABASE "${role.database}" OWNER ${role.user}`)
    const { rows } = await admin.query<{ rolpassword: string; version: string }>(
      "SELECT rolpassword, current_setting('server_version') AS version FROM pg_authid WHERE rolname = $1",
      [role.user],
    )
    await admin.end()
    await writeFile(join(folder, 'users.txt'), `"${role.user}" "${rows[0]?.rolpassword}"\n`, { mode: 0o644 })
    const configuration = `[databases]
* = host=127.0.0.1 port=${port} application_name=pgbouncer
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${poolerPort}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users.txt')}
pool_mode = transaction
default_pool_size = 10
ignore_startup_parameters = extra_float_digits
logfile = ${join(folder, 'pgbouncer.log')}
`
    await writeFile(join(folder, 'pgbouncer.ini'), configuration)
    const bouncer = pgbouncer()
    children.push(spawn(bouncer, [join(folder, 'pgbouncer.ini')], { stdio: 'ignore', cwd: folder, ...as }))
    const direct: ClientConfig = { host: '127.0.0.1', port, ...role }
    const pooler: ClientConfig = { ...direct, port: poolerPort }
    await (await answering(pooler)).end()
    const version = spawnSync(bouncer, ['--version'], { encoding: 'utf8' }).stdout.split('\n')[0] ?? ''
    const minor = Number(/1\.(\d+)/.exec(version)?.[1])
    // Off by default until 1.24, whatever the version can do.
    return {
      direct,
      pooler,
      preparedStatements: minor >= 24 ? 'tracked' : 'naive',
      wrongPassword: minor >= 21 ? '28P01' : '08P01',
      versions: `PostgreSQL ${rows[0]?.version}, ${version}`,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

const postgresFolder = (): string => {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')))
  if (found === undefined) throw new Error('PostgreSQL is not installed: run test/real/install.sh as root (Debian package postgresql)')
  return found
}

const pgbouncer = (): string => {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
  const found = folders.map((folder) => join(folder, 'pgbouncer')).find(existsSync)
  if (found === undefined) throw new Error('PgBouncer is not installed: run test/real/install.sh as root (Debian package pgbouncer)')
  return found
}

const run = (command: string, args: readonly string[], cwd: string): void => {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', ...as })
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`)
}

const answering = async (config: ClientConfig): Promise<Client> => {
  let last: unknown
  for (let attempt = 0; attempt < 200; attempt++) {
    const client = new Client(config)
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      last = error
      await sleep(50)
    }
  }
  throw last
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) resolve()
    else child.once('exit', () => resolve())
  })

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
