import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })

export interface RealRedis {
  readonly host: string
  readonly port: number
  readonly pid: number
  client(options?: { readonly password?: string }): Redis
  stop(): Promise<void>
}

/** Starts Debian's redis-server in a folder of its own on 127.0.0.1; says what to install when it is missing. */
export const startRealRedis = async (settings: readonly string[] = []): Promise<RealRedis> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-redis-'))
  const port = await freePort()
  const child = spawn(
    'redis-server',
    [
      '--bind',
      '127.0.0.1',
      '--port',
      String(port),
      '--dir',
      folder,
      '--save',
      '',
      '--maxmemory',
      '256mb',
      '--maxmemory-policy',
      'allkeys-lru',
      ...settings,
    ],
    { stdio: 'ignore' },
  )
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(new Error('redis-server is not installed: run test/real/install.sh as root (Debian package redis-server)', { cause: error })),
    )
  })
  const client = ({ password }: { readonly password?: string } = {}) => {
    const redis = new Redis({
      host: '127.0.0.1',
      port,
      lazyConnect: true,
      retryStrategy: null,
      protocol: 2,
      enableReadyCheck: false,
      disableClientInfo: true,
      ...(password && { password }),
    })
    redis.on('error', () => {})
    return redis
  }
  const stop = async () => {
    child.kill('SIGKILL')
    await ended(child)
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 100; attempt++) {
    const probe = client()
    try {
      await probe.connect()
      return { host: '127.0.0.1', port, pid: child.pid ?? 0, client, stop }
    } catch {
      await sleep(50)
    } finally {
      probe.disconnect()
    }
  }
  await stop()
  throw new Error('redis-server did not answer within 5 s')
}
