import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { cacheFindings } from '../../../src/lib/reports/cache/findings.ts'
import { gatherCacheStatus } from '../../../src/lib/reports/cache/gather.ts'
import { cacheStatus } from '../../../src/lib/reports/cache/status.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { redisSystem } from '../../../src/lib/systems/redis/redis.ts'
import { installed } from '../../support/installed.ts'
import { answering, freePort, startServer } from '../processes.ts'
import { type RealRedis, startRealRedis } from './server.ts'

let server: RealRedis
let admin: Redis
beforeAll(async () => {
  server = await startRealRedis(['--rename-command', 'SMEMBERS', '', '--enable-protected-configs', 'yes'])
  admin = new Redis({ host: '127.0.0.1', port: server.port, password: 'secret', protocol: 2, disableClientInfo: true })
})
afterAll(async () => {
  admin.disconnect()
  await server.stop()
})

const look = async <T>(use: (system: ReturnType<typeof redisSystem>) => Promise<T>): Promise<T> => {
  const system = redisSystem({
    dial: async () => ({ host: '127.0.0.1', port: server.port, close: async () => {} }),
    password: async () => new Secret('secret'),
    clock: systemClock,
    timeout: 2000,
  })
  try {
    return await use(system)
  } finally {
    await system.close()
  }
}
const findings = () => look(async ({ read }) => cacheFindings(await gatherCacheStatus(read, systemClock)).map(({ text }) => text))

test('full under noeviction is wrong now, with the number of refused writes', async () => {
  await admin.config('SET', 'maxmemory-policy', 'noeviction')
  await admin.config('SET', 'maxmemory', '100000')
  for (let i = 0; i < 3; i++) await admin.set(`k${i}`, 'x').catch(() => {})
  expect((await findings())[0]).toMatch(
    /^Redis is full \(.*\) and evicts nothing: every write fails now, 3 were refused since Redis started$/,
  )
  await admin.config('SET', 'maxmemory', '256mb')
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
})

test('one that was started for TLS alone is told as such', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'honeydue-redis-tls-'))
  const { certificate, key } = createAuthority('redis').issue({ commonName: 'redis', names: ['redis'] })
  const [cert, own] = [join(folder, 'redis.crt'), join(folder, 'redis.key')]
  writeFileSync(cert, certificate)
  writeFileSync(own, key)
  const files = ['--tls-cert-file', cert, '--tls-key-file', own, '--tls-ca-cert-file', cert]
  for (const clients of ['no', 'yes']) {
    const port = await freePort()
    const listens = ['--port', '0', '--tls-port', String(port), '--save', '', '--tls-auth-clients', clients]
    const one = await startServer(installed('redis-server', 'redis-server'), [...listens, ...files], { cwd: folder })
    try {
      await answering(
        () => new Promise<void>((resolve, reject) => connect(port, '127.0.0.1', resolve).on('error', reject).unref()),
        'redis-server',
      )
      const asked = redisSystem({
        dial: async () => ({ host: '127.0.0.1', port, close: async () => {} }),
        password: async () => new Secret('secret'),
        clock: systemClock,
        timeout: 2000,
      })
      await expect(asked.read.info()).rejects.toMatchObject({ code: 'redis-not-redis', likely: expect.stringMatching(/^it speaks TLS/) })
      await asked.close()
    } finally {
      await one.stop()
    }
  }
  rmSync(folder, { recursive: true, force: true })
})

test('a renamed command, an ACL and a disk that cannot be written cost their lines; keys are bytes', async () => {
  await admin.set(Buffer.from([0xff, 0x00, 0x0a, 0x3a, 0x31]), 'x', 'PX', 60_000)
  await admin.set('residence_ids_user:7', '[1]', 'PX', 60_000)
  const renamed = await findings()
  expect(renamed).toEqual([expect.stringContaining("The list of queues was refused: ERR unknown command 'smembers'")])

  await admin.call('ACL', 'SETUSER', 'default', '-info', '-pexpiretime')
  const kept = await findings()
  expect(kept).toEqual([expect.stringContaining('INFO was refused: NOPERM'), expect.stringContaining('The list of queues')])
  const lives = await look(({ read }) => read.scan('*').then(({ keys }) => read.lives(keys)))
  expect(lives.map(({ key, present, within }) => [key, present, within]).sort()).toEqual([
    ['\\xff\\x00\\x0a:1', true, 50],
    ['residence_ids_user:7', true, 50],
  ])
  await admin.call('ACL', 'SETUSER', 'default', '+@all')

  await admin.config('SET', 'dir', '/proc/1')
  await admin.config('SET', 'save', '1 1')
  await admin.call('BGSAVE').catch(() => {})
  await expect.poll(() => admin.info('persistence')).toContain('rdb_last_bgsave_status:err')
  expect(await findings()).toEqual([
    expect.stringContaining('Redis cannot save to its disk'),
    expect.stringContaining('The list of queues'),
  ])
  await expect(look(({ write }) => write.forgetResidenceIds(['7']))).rejects.toMatchObject({ code: 'redis-cannot-save' })
  await admin.config('SET', 'save', '')
})

test('what one ACL keeps from us is not told as nothing; long names and none keep the table narrow', async () => {
  const table = () =>
    look(async ({ read }) => cacheStatus.look({}, { redis: read }, { clock: systemClock } as Parameters<typeof cacheStatus.look>[2])).then(
      ({ tables }) => tables[1]?.rows ?? [],
    )
  await admin.set('', 'x')
  await admin.set('k'.repeat(5000), 'x')
  await admin.call('ACL', 'SETUSER', 'default', 'resetkeys', '~residence_ids_user:*')
  const rows = await table()
  await admin.call('ACL', 'SETUSER', 'default', 'allkeys')
  expect(new Set(rows.map((row) => row[3]))).toEqual(new Set(['?']))
  expect(rows.map(([name]) => name)).toContain('(the empty name)')
  expect(Math.max(...rows.map(([name = '']) => name.length))).toBeLessThan(50)
})

test('a password that nobody asks for is a warning in the report, and nothing on the terminal', async () => {
  await admin.config('SET', 'requirepass', '')
  const said: string[] = []
  const warn = console.warn
  console.warn = (...words: unknown[]) => void said.push(words.join(' '))
  try {
    expect(await findings()).toContain(
      'Redis wants no password, though the Secret has one: whoever reaches it may read and delete everything',
    )
  } finally {
    console.warn = warn
    await admin.config('SET', 'requirepass', 'secret')
  }
  expect(said).toEqual([])
})
