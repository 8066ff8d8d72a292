import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Place, password, type RedisWorld, type Refusing, redisClient } from '../../contract/redis/world.ts'
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

const settingsOf: Readonly<Record<Refusing, readonly string[]>> = {
  busy: ['--busy-reply-threshold', '50'],
  // Compressed, so many x are too few bytes for it to look up from.
  loading: [
    '--rdbcompression',
    'no',
    '--enable-debug-command',
    'yes',
    '--key-load-delay',
    '300000',
    '--loading-process-events-interval-bytes',
    '1024',
  ],
  acl: [],
  key: [],
  disk: ['--enable-protected-configs', 'yes', '--save', '3600 1'],
  renamed: ['--rename-command', 'UNLINK', ''],
  'renamed-auth': ['--rename-command', 'AUTH', ''],
  'no-primary': [...lostReplica, '--replica-serve-stale-data', 'no'],
  protected: ['--bind', '*', '--requirepass', ''],
  full: ['--maxclients', '1'],
}

/** One that does not hear that it is to end. */
const killed = (server: RealRedis): RealRedis => ({
  ...server,
  stop: () => {
    process.kill(server.pid, 'SIGKILL')
    return server.stop()
  },
})

/** Sends what the server works on for seconds, and waits until it turns others away for it. */
const occupy = async (at: Place, how: 'busy' | 'loading'): Promise<void> => {
  const redis = redisClient(at, password)
  if (how === 'loading') for (let n = 0; n < 40; n++) await redis.set(`big:${n}`, 'x'.repeat(2000))
  const work = how === 'busy' ? redis.eval('while true do end', 0) : redis.call('DEBUG', 'RELOAD')
  work.catch(() => {}).finally(() => redis.disconnect())
  await answering(async () => {
    const other = redisClient(at, password)
    const said = await other.scan('0').catch(String)
    other.disconnect()
    if (!String(said).includes(how.toUpperCase())) throw new Error(`it still answers: ${said}`)
  }, 'redis-server')
}

/** An address of this machine that is not loopback. */
const outside = (): string => {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)
  if (!found) throw new Error('this machine has no address beside 127.0.0.1, from which protected mode turns a client away')
  return found.address
}

export const realRedis = async (): Promise<RedisWorld> => {
  const [primary, replica] = await Promise.all([startRealRedis(), startRealRedis(lostReplica)])
  const refusing: RealRedis[] = []
  return {
    async refusing(how) {
      const server = await startRealRedis(settingsOf[how])
      refusing.push(how === 'busy' || how === 'loading' ? killed(server) : server)
      if (how === 'busy' || how === 'loading') {
        await occupy(server, how)
        return server
      }
      if (how === 'full') {
        // Its one connection; it ends with the server. Whoever looked whether the server answers may still have had it.
        await answering(async () => {
          const holder = redisClient(server, password)
          await holder.ping().catch((error: unknown) => {
            holder.disconnect()
            throw error
          })
        }, 'redis-server')
        return server
      }
      if (how !== 'acl' && how !== 'key' && how !== 'disk') return how === 'protected' ? { ...server, host: outside() } : server
      const redis = redisClient(server, password)
      try {
        if (how === 'acl') await redis.call('ACL', 'SETUSER', 'default', '-info')
        if (how === 'key') await redis.call('ACL', 'SETUSER', 'default', 'resetkeys', '~residence_ids_user:*')
        if (how === 'disk') {
          await redis.config('SET', 'dir', '/proc/1')
          await redis.call('BGSAVE').catch(() => {})
          await answering(async () => {
            if (!(await redis.info('persistence')).includes('rdb_last_bgsave_status:err')) throw new Error('it has saved')
          }, 'redis-server')
        }
        return server
      } finally {
        redis.disconnect()
      }
    },
    primary,
    replica: async () => replica,
    freeze: async () => void process.kill(primary.pid, 'SIGSTOP'),
    async reset() {
      await Promise.all(refusing.splice(0).map((server) => server.stop()))
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
      await Promise.all([primary, replica, ...refusing].map((server) => server.stop()))
    },
  }
}
