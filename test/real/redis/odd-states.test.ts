import { Chalk } from 'chalk'
import { Redis } from 'ioredis'
import { afterEach, expect, test } from 'vitest'
import { renderTable } from '../../../src/lib/cli/table.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { cacheStatus } from '../../../src/lib/reports/cache/status.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { type RealRedis, startRealRedis } from './server.ts'

const servers: RealRedis[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop()
})

type Prepare = (admin: Redis) => Promise<unknown>

const started = async (settings: readonly string[], prepare: Prepare = async () => {}) => {
  const server = await startRealRedis(settings)
  servers.push(server)
  const admin = new Redis({ host: '127.0.0.1', port: server.port, password: 'secret', protocol: 2, disableClientInfo: true })
  admin.on('error', () => {})
  try {
    await prepare(admin)
  } finally {
    admin.disconnect()
  }
  return redisSystem({
    dial: async () => ({ host: '127.0.0.1', port: server.port, close: async () => {} }),
    password: async () => new Secret('secret'),
    clock: systemClock,
    timeout: 2000,
  })
}

const look = async (settings: readonly string[], prepare?: Prepare) => {
  const system = await started(settings, prepare)
  try {
    const view = await cacheStatus.look({}, { redis: system.read }, { clock: systemClock } as Parameters<typeof cacheStatus.look>[2])
    return {
      findings: view.findings.map(({ level, text, next }) => `${level} | ${text} | ${next ?? ''}`),
      keys: view.tables[1]?.rows ?? [],
      queues: view.tables[2]?.rows ?? [],
      notes: view.notes,
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    return { findings: [`${error.code} | ${error.likely ?? ''} | ${error.next ?? ''}`], keys: [], queues: [], notes: [] }
  } finally {
    await system.close()
  }
}

const full: Prepare = async (redis) => {
  await redis.config('SET', 'maxmemory', '100000')
  for (let i = 0; i < 3; i++) await redis.set(`k${i}`, 'x').catch(() => {})
}
const life: Prepare = (redis) => redis.set('a:1', 'x', 'EX', 50)
const without = (...commands: readonly string[]) => commands.flatMap((command) => ['--rename-command', command, ''])

/** What people have done to a Redis: its settings, what was done to it, and what is said of it, in full or by a piece of each line. */
const states: Readonly<
  Record<string, { readonly settings?: readonly string[]; readonly done?: Prepare; readonly said: readonly RegExp[] }>
> = {
  'CONFIG is renamed away': { settings: without('CONFIG'), said: [] },
  'INFO is renamed away': { settings: without('INFO'), said: [/^warning \| INFO was refused: ERR unknown command 'info'/] },
  'SCAN is renamed away': { settings: without('SCAN'), said: [/^warning \| The scan of keys was refused: ERR unknown command 'scan'/] },
  'what tells the life of keys is renamed away': {
    settings: without('PTTL', 'PEXPIRETIME'),
    done: life,
    said: [/^warning \| How long keys live was refused: ERR unknown command/],
  },
  'an ACL without @read': {
    done: (redis) => redis.call('ACL', 'SETUSER', 'default', '-@read'),
    said: [/^warning \| The list of queues was refused: NOPERM .*acl list/, /^warning \| The scan of keys was refused: NOPERM .*acl list/],
  },
  'the user is switched off': {
    done: (redis) => redis.call('ACL', 'SETUSER', 'default', 'off'),
    said: [/^redis-credentials \| WRONGPASS invalid username-password pair or user is disabled/],
  },
  'the user needs no password': {
    done: (redis) => redis.call('ACL', 'SETUSER', 'default', 'nopass'),
    said: [/^warning \| Redis wants no password, though the Secret has one/],
  },
  'the list of queues is a text': {
    done: (redis) => redis.set('asynq:queues', 'x'),
    said: [/^warning \| The list of queues was refused: WRONGTYPE/],
  },
  'volatile-lru at its limit, and nothing has a time to live': {
    settings: ['--maxmemory-policy', 'volatile-lru'],
    done: full,
    said: [
      /^wrong \| Redis is full \([\d.]+ MB of 0\.1 MB\) and volatile-lru finds nothing that it may evict: writes fail now, 3 were refused since Redis started/,
      /^warning \| Redis uses [\d.]+ MB of 0\.1 MB/,
    ],
  },
  'volatile-lru with room': {
    settings: ['--maxmemory-policy', 'volatile-lru'],
    said: [/^wrong \| maxmemory-policy is volatile-lru, not allkeys-lru: at the limit other keys are evicted than expected/],
  },
  'noeviction without a limit': {
    settings: ['--maxmemory', '0', '--maxmemory-policy', 'noeviction'],
    said: [/^wrong \| Redis has no maxmemory/, /^wrong \| maxmemory-policy is noeviction, not allkeys-lru \|/],
  },
  'it wants replicas for a write, and has none': {
    settings: ['--min-replicas-to-write', '1'],
    done: (redis) => redis.set('k', 'x').catch(() => {}),
    said: [
      /^wrong \| Redis takes no write: it wants replicas connected .*, and none is, 1 was refused since Redis started \| .*info replication/,
    ],
  },
  'a cluster of one, with no slot': {
    settings: ['--cluster-enabled', 'yes'],
    said: [/^warning \| The list of queues was refused: CLUSTERDOWN Hash slot not served/],
  },
  'its clients are paused': {
    done: (redis) => redis.call('CLIENT', 'PAUSE', '20000', 'ALL'),
    said: [/^redis-silent \|/],
  },
  'nothing in it': { said: [] },
}

test.each(Object.entries(states))('%s', async (_, { settings = [], done, said }) => {
  expect((await look(settings, done)).findings).toEqual(said.map((one) => expect.stringMatching(one)))
})

test('one number of a queue that cannot be had is unknown, and the others are told', async () => {
  const { findings, queues } = await look([], async (redis) => {
    await redis.sadd('asynq:queues', 'default')
    await redis.set('asynq:{default}:pending', 'x')
    await redis.zadd('asynq:{default}:retry', 1, 'a')
  })
  expect(findings).toEqual([expect.stringMatching(/^warning \| A number of queue default was refused: WRONGTYPE/)])
  expect(queues).toEqual([['default', '?', '?', '?', '1', '?']])
})

test('keys of another database are said to be there', async () => {
  const { notes } = await look([], async (redis) => {
    await redis.select(3)
    await redis.set('residence_ids_user:7', 'x')
  })
  expect(notes).toEqual(['Other databases are not looked at: db3 (1 key)'])
})

test('names as people give them: one row each, and nothing of them acts on the terminal', async () => {
  const odd = [
    'a\nb:1',
    '\u001b[2Jx:1',
    '\u202erev:1',
    '🍯:1',
    ' lead:1',
    'tab\t:1',
    '"quoted":1',
    '%s:%d',
    '<b>:1',
    '日本語:1',
    '{}:1',
    ':1',
  ]
  const { keys } = await look([], async (redis) => {
    for (const key of odd) for (const more of ['', '2']) await redis.set(`${key}${more}`, '1')
  })
  const rows = renderTable({ columns: ['family', 'keys', 'TTL', 'without TTL'], rows: keys }, new Chalk({ level: 0 }), { limit: 80 }).split(
    '\n',
  )
  expect(rows).toHaveLength(odd.length + 1)
  for (const sign of ['\u001b', '\u202e', '\t']) expect(rows.join('\n')).not.toContain(sign)
})

test('a write that wants replicas is refused with the way on', async () => {
  const system = await started([], async (redis) => {
    await redis.set('residence_ids_user:7', '[1]', 'EX', 50)
    await redis.config('SET', 'min-replicas-to-write', '1')
  })
  await expect(system.write.forgetResidenceIds(['7'])).rejects.toMatchObject({
    code: 'redis-no-replicas',
    likely: expect.stringMatching(/^NOREPLICAS /),
  })
  await system.close()
})
