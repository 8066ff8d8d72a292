import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Place, password, type RedisWorld, redisClient } from '../../contract/redis/world.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, startServer } from '../processes.ts'

export interface RealRedis extends Place {
  readonly pid: number
  stop(): Promise<void>
}

/** Starts Debian's redis-server as the deployment has it: 256 MB, allkeys-lru, a password; settings come last and win. */
export const startRealRedis = async (settings: readonly string[] = [], word = password): Promise<RealRedis> => {
  const command = installed('redis-server', 'redis-server')
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-redis-'))
  const port = await freePort()
  const fixed = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', '', '--requirepass', word]
  const limits = ['--maxmemory', '256mb', '--maxmemory-policy', 'allkeys-lru']
  const server = await startServer(command, [...fixed, ...limits, ...settings], { cwd: folder })
  const stop = async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
  const at = { host: '127.0.0.1', port }
  try {
    await answering(async () => {
      const probe = redisClient(at)
      try {
        await probe.connect()
      } finally {
        probe.disconnect()
      }
    }, 'redis-server')
    return { ...at, pid: server.pid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Settings of a replica whose primary cannot be reached. */
export const lostReplica = ['--replicaof', '127.0.0.1 1']

export const realRedis = async (): Promise<RedisWorld> => {
  const [primary, replica] = await Promise.all([startRealRedis(), startRealRedis(lostReplica)])
  return {
    primary,
    replica: async () => replica,
    freeze: async () => void process.kill(primary.pid, 'SIGSTOP'),
    async reset() {
      process.kill(primary.pid, 'SIGCONT')
      const redis = redisClient(primary, password)
      try {
        await redis.flushall()
        await redis.config('RESETSTAT')
      } finally {
        redis.disconnect()
      }
    },
    async stop() {
      process.kill(primary.pid, 'SIGCONT')
      await Promise.all([primary.stop(), replica.stop()])
    },
  }
}
