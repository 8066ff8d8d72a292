import { Redis } from 'ioredis'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import type { ContractWorld } from '../contract.ts'

export interface Place {
  readonly host: string
  readonly port: number
}

/** A primary and a replica, both with the password "secret". */
export interface RedisWorld extends ContractWorld {
  readonly primary: Place
  /** The place of a server that is a replica from now on. */
  replica(): Promise<Place>
  /** The place of a server that refuses so, until the reset. */
  refusing(how: Refusing): Promise<Place>
  /** The primary accepts connections and does not answer, until the reset. */
  freeze(): Promise<void>
}

/** `busy`: a script runs; `loading`: it reads its data from the disk; `acl`: INFO is not permitted; `key`: keys of queues are not; `renamed` and `renamed-auth`: UNLINK and AUTH are; `disk`: it cannot save; `full`: all the connections that it allows are taken. */
export type Refusing = 'busy' | 'loading' | 'acl' | 'key' | 'renamed' | 'renamed-auth' | 'disk' | 'no-primary' | 'protected' | 'full'

export const password = 'secret'

/** In the words of Redis 7.0. */
const refused: Readonly<Record<Exclude<Refusing, 'protected' | 'loading' | 'full'>, readonly [command: string, words: string]>> = {
  busy: ['scan', 'BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.'],
  acl: ['info', "NOPERM this user has no permissions to run the 'info' command"],
  key: ['smembers', 'NOPERM this user has no permissions to access one of the keys used as arguments'],
  renamed: ['unlink', "ERR unknown command 'unlink', with args beginning with: 'residence_ids_user:7' "],
  'renamed-auth': ['auth', "ERR unknown command 'auth', with args beginning with: 'secret' "],
  disk: [
    'unlink',
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
  ],
  'no-primary': ['scan', "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."],
}

/** A client without any habit of its own; `as` undefined: a stranger. */
export const redisClient = ({ host, port }: Place, as?: string): Redis => {
  const redis = new Redis({
    host,
    port,
    lazyConnect: true,
    retryStrategy: null,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    ...(as !== undefined && { password: as }),
  })
  redis.on('error', () => {})
  return redis
}

export const sandboxRedis = async (): Promise<RedisWorld> => {
  const server: RedisSandbox = await startRedis({ password, seeded: false })
  return {
    primary: server,
    async replica() {
      server.fail({ kind: 'read-only' })
      return server
    },
    async refusing(how) {
      if (how === 'protected' || how === 'loading' || how === 'full') server.fail({ kind: how })
      else server.fail({ kind: 'refuses', commands: [refused[how][0]], words: refused[how][1] })
      return server
    },
    freeze: async () => void server.fail({ kind: 'silent' }),
    reset: async () => void server.reset(),
    stop: () => server.stop(),
  }
}
