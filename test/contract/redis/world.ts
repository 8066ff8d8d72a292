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
  /** The primary accepts connections and does not answer, until the reset. */
  freeze(): Promise<void>
}

export const password = 'secret'

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
    freeze: async () => void server.fail({ kind: 'silent' }),
    reset: async () => void server.reset(),
    stop: () => server.stop(),
  }
}
