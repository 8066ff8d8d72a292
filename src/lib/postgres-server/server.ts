import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Binaries } from './binaries.ts'

export interface Server {
  /** The folder of its Unix socket; `pg` takes it as `host`. */
  readonly folder: string
  /** Its port on 127.0.0.1, which also names the socket. */
  readonly port: number
  /** The superuser's connection to template1. */
  readonly admin: Client
  /** Another connection of the superuser's, which the caller ends. */
  connect(database: string): Promise<Client>
  /** A connection of somebody else's, by their own login, which the caller ends. */
  login(who: Login, database: string): Promise<Client>
  stop(): Promise<void>
}

export interface Login {
  readonly user: string
  readonly password: string
}

/** The superuser, as Neon names it. Its password is made with the cluster, and leaves this part nowhere. */
export const superuser = 'cloud_admin'
/** The same of a server for what others wrote: no role of a live server has this name, so that each can have its stand-in here. */
export const confinedSuperuser = 'honeydue_superuser'

/**
 * Ends PostgreSQL when its own standard input ends. The other end of that pipe is held by our process alone, so the kernel closes it however we
 * die, SIGKILL included. The folder of the disposable cluster goes with it. Limits: of each process' memory in kB, and of each file in blocks of
 * 512 bytes, where the shell knows them.
 */
const watcher = `
exec 3<&0 </dev/null
folder=$1; memory=$2; file=$3; shift 3
[ -z "$memory" ] || ulimit -v "$memory" 2>/dev/null
[ -z "$file" ] || ulimit -f "$file" 2>/dev/null
"$@" 3<&- & server=$!
( read -r _ <&3; kill -QUIT $server ) 2>/dev/null & watch=$!
wait $server; status=$?
kill $watch 2>/dev/null
[ -z "$folder" ] || rm -rf "$folder"
exit $status`

/** Nothing here has to survive a crash: every durability is off. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  shared_buffers: '16MB',
  dynamic_shared_memory_type: 'mmap',
  io_method: 'sync',
  max_connections: '200',
  superuser_reserved_connections: '5',
  autovacuum: 'off',
  wal_recycle: 'off',
  wal_init_zero: 'off',
  jit: 'off',
  log_min_messages: 'fatal',
  max_parallel_workers: '0',
  password_encryption: 'scram-sha-256',
}

/** For a server that runs what others wrote: no network at all, and little of the machine. */
const confined = {
  listen_addresses: '',
  max_connections: '20',
  max_locks_per_transaction: '1024',
  temp_file_limit: '256MB',
  temp_buffers: '8MB',
  work_mem: '8MB',
  maintenance_work_mem: '32MB',
  max_logical_replication_workers: '0',
  max_worker_processes: '0',
}
const limits = { memory: 1024 * 1024, file: 1024 * 1024 }

/** `disposable`: the folder goes when it ends. `confined`: for what others wrote. */
interface StartOptions {
  readonly disposable: boolean
  readonly confined?: boolean
}

/** Starts PostgreSQL on the data directory in `folder`, whose superuser has the password; resolves when it answers (30–60 ms). */
export const startServer = async (
  binaries: Binaries,
  { folder, password }: { readonly folder: string; readonly password: string },
  how: StartOptions,
): Promise<Server> => {
  const superusers = (port: number, database: string) =>
    connect({ host: folder, port, user: how.confined ? confinedSuperuser : superuser, password, database })
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    const child = launch(binaries, folder, port, how)
    let said = ''
    child.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2000)
    })
    const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)).once('error', () => resolve(1)))
    const admin = await firstAnswer(() => superusers(port, 'template1'), ended)
    if (admin) {
      const end = async () => {
        await admin.end().catch(() => {})
        await stop(child, ended)
      }
      return {
        folder,
        port,
        admin,
        connect: (database) => superusers(port, database),
        login: (who, database) => connect({ host: folder, port, ...who, database }),
        stop: end,
      }
    }
    await stop(child, ended)
    // Between our look and its bind another process may have taken the port.
    if (attempt >= 5) throw new Error(`PostgreSQL did not start: ${said.trim() || 'it said nothing'}`)
  }
}

const launch = (binaries: Binaries, folder: string, port: number, how: StartOptions): ChildProcess => {
  const place = { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: folder }
  const options = Object.entries({ ...settings, ...place, ...(how.confined && confined) })
  const bounds = how.confined ? [String(limits.memory), String(limits.file)] : ['', '']
  const command = [
    join(binaries.root, 'bin', 'postgres'),
    '-D',
    join(folder, 'data'),
    ...options.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const child = spawn('/bin/sh', ['-c', watcher, 'honeydue-postgres', how.disposable ? folder : '', ...bounds, ...command], {
    cwd: folder,
    // A session of its own: the terminal's Ctrl-C is not for it.
    detached: true,
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'ignore', 'pipe'],
    ...binaries.as,
  })
  child.stdin?.on('error', () => {})
  // A parent that has nothing else to do may end; the pipe's end then ends PostgreSQL.
  child.unref()
  const handles = [child.stdin, child.stderr] as unknown as readonly { unref?(): void }[]
  for (const handle of handles) handle.unref?.()
  return child
}

const stop = async (child: ChildProcess, ended: Promise<number>): Promise<void> => {
  child.ref()
  child.stdin?.destroy()
  await ended
}

/** The first connection that it takes; undefined when it ended, or took none in 30 s. */
const firstAnswer = async (ask: () => Promise<Client>, ended: Promise<number>): Promise<Client | undefined> => {
  let over = false
  void ended.then(() => {
    over = true
  })
  for (let waited = 0; waited < 30_000 && !over; waited += 10) {
    const client = await ask().catch(() => undefined)
    if (client) return client
    await sleep(10)
  }
  return undefined
}

const connect = async (to: { host: string; port: number; database: string } & Login): Promise<Client> => {
  const client = new Client({ ...to, application_name: 'sandbox' })
  client.on('error', () => {})
  await client.connect()
  return client
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
