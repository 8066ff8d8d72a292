import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisSandbox, startRedis } from '../../../src/lib/sandbox/redis/redis.ts'
import { redisCases, replicaCases, strangerCases, wire, wireCases } from './cases.ts'

// The answers of a real Redis 7.0.15, written by the real-server lane; the sandbox must give the same.
const answers: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(new URL('./recorded.json', import.meta.url), 'utf8'))

const connect = (server: RedisSandbox, password?: string) =>
  new Redis({
    host: server.host,
    port: server.port,
    lazyConnect: true,
    retryStrategy: null,
    protocol: 2,
    enableReadyCheck: false,
    disableClientInfo: true,
    ...(password && { password }),
  })

describe('the sandbox answers as a real Redis', () => {
  let server: RedisSandbox
  beforeAll(async () => {
    server = await startRedis({ password: 'secret', seeded: false })
  })
  beforeEach(() => server.reset())
  afterAll(() => server.stop())

  test.each(redisCases)('$name', async ({ name, run }) => {
    const redis = connect(server, 'secret')
    redis.on('error', () => {})
    try {
      expect(await run(redis)).toEqual(answers[name])
    } finally {
      redis.disconnect()
    }
  })

  test.each(strangerCases)('a stranger: $name', async ({ name, run }) => {
    const redis = connect(server)
    redis.on('error', () => {})
    try {
      expect(await run(redis)).toEqual(answers[`stranger: ${name}`])
    } finally {
      redis.disconnect()
    }
  })

  test.each(replicaCases)('a replica: $name', async ({ name, run }) => {
    server.fail({ kind: 'read-only' })
    const redis = connect(server, 'secret')
    try {
      expect(await run(redis)).toEqual(answers[`replica: ${name}`])
    } finally {
      redis.disconnect()
    }
  })

  test.each(wireCases)('on the wire, in both protocols: %s', async (commands) => {
    expect([await wire(server, 2, commands), await wire(server, 3, commands)]).toEqual(answers[`wire: ${commands}`])
  })
})
