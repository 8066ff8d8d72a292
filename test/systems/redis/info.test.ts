import { expect, test } from 'vitest'
import { parseInfo } from '../../../src/lib/systems/redis/read-redis.ts'
import { redisTrouble } from '../../../src/lib/systems/redis/trouble.ts'

const info = (...lines: readonly string[]) => parseInfo(['# Server', ...lines, ''].join('\r\n'))

test('the server says who it is: Redis 6 and 8, Valkey, KeyDB', () => {
  expect(info('redis_version:6.0.16').version).toBe('6.0.16')
  expect(info('redis_version:8.0.1', 'io_threads_active:0').version).toBe('8.0.1')
  expect(info('redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.0').version).toBe('Valkey 8.1.0')
  expect(info('redis_version:6.3.4', '# KeyDB', 'mvcc_depth:0').version).toBe('KeyDB 6.3.4')
  // Dragonfly and Garnet say a version of Redis too.
  expect(info('redis_version:7.4.0', 'dragonfly_version:df-v1.40.1', 'redis_mode:standalone').version).toBe('Dragonfly 1.40.1')
  expect(info('redis_version:7.4.3', 'garnet_version:2.1.5').version).toBe('Garnet 2.1.5')
  expect(info('redis_version:7.2.4', 'server_name:valkey', 'valkey_version:9.1.1', 'server_mode:standalone').version).toBe('Valkey 9.1.1')
  expect(info('os:Linux').version).toBe('')
})

test('what a server does not say is not taken for nothing', () => {
  expect(info('redis_version:6.0.16').maxMemory).toBeUndefined()
  expect(info('maxmemory:0').maxMemory).toBe(0)
  expect(info('rdb_last_bgsave_status:err').cannotSave).toBe(true)
  expect(info('errorstat_OOM:count=12', 'errorstat_ERR:count=3').refused).toEqual({ OOM: 12, ERR: 3 })
})

const reply = (words: string) => Object.assign(new Error(words), { name: 'ReplyError' })

test.each([
  [
    'MISCONF Redis is configured to save RDB snapshots, but it is currently unable to persist to disk.',
    'redis-cannot-save',
    /df -h \/data/,
  ],
  ['NOPERM this user has no permissions to run the unlink command', 'redis-not-permitted', /acl list/],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'redis-full', /info memory/],
  ['BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.', 'redis-busy', /script kill/],
  ["READONLY You can't write against a read only replica.", 'redis-read-only', /redis-cli role/],
  ['MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to no', 'redis-no-primary', /info replication/],
  ["ERR unknown command 'unlink', with args beginning with: 'a'", 'redis-refused', /cluster:health/],
] as const)('%s is told in its own words, with what to do', (words, code, next) => {
  const trouble = redisTrouble(reply(words), 'deploy/redis')
  expect(trouble.code).toBe(code)
  // What it repeats of ours may be the password.
  expect(trouble.likely).toContain(words.trim().split(', with args')[0])
  expect(trouble.likely).not.toContain('with args')
  expect(trouble.next).toMatch(next)
})
