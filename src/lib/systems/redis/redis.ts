import type { System } from '../systems.ts'
import { type RedisAccess, type RedisConnection, redisConnection } from './connection.ts'
import { patientlyFor } from './one-look.ts'
import { readPasswords, writePasswords } from './passwords.ts'
import { readRedis } from './read-redis.ts'
import { proveRedis, type RedisDeployment, sayRedis } from './say-redis.ts'
import type { RedisProver, RedisReader, RedisWriter } from './types.ts'
import { writeRedis } from './write-redis.ts'

/** Redis behind `dial`, opened at first use; every failure is Unreachable or Blocked. */
export const redisSystem = (
  access: RedisAccess,
  at: RedisDeployment = { namespace: 'honeydue', deployment: 'redis', kubeconfigs: [] },
): System<RedisReader, RedisWriter, RedisProver> => {
  const connection = redisConnection(access)
  const readOver = (through: (one: RedisConnection) => RedisConnection): RedisReader => ({
    ...readRedis(through(connection), access.clock),
    ...readPasswords(through(connection), (password) => through(redisConnection({ ...access, password: async () => password }))),
  })
  return {
    read: readOver((one) => one),
    oneLook: () => readOver(patientlyFor(`deploy/${at.deployment} in ${at.namespace}`, access.lookLimit)),
    write: { ...writeRedis(connection, access.clock), ...writePasswords(connection) },
    say: sayRedis(at),
    prove: proveRedis(at),
    close: connection.close,
  }
}
