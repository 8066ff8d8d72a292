import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisCase, redisCases, replicaCases, strangerCases, wire, wireCases } from '../../contract/redis/cases.ts'
import { type RealRedis, startRealRedis } from './server.ts'

const file = new URL('../../contract/redis/recorded.json', import.meta.url)
const password = 'secret'
const seen: Record<string, unknown> = {}

let server: RealRedis
let replica: RealRedis

beforeAll(async () => {
  server = await startRealRedis(['--requirepass', password])
  replica = await startRealRedis(['--requirepass', password, '--replicaof', '127.0.0.1 1'])
})

afterAll(async () => {
  await server.stop()
  await replica.stop()
  if (process.env['HONEYDUE_RECORD']) writeFileSync(file, `${JSON.stringify(seen, null, 2)}\n`)
})

const check = async (key: string, { run }: RedisCase, on: RealRedis, as?: { readonly password: string }) => {
  const redis = on.client(as)
  try {
    if (as && on === server) {
      await redis.flushall()
      await redis.config('RESETSTAT')
    }
    seen[key] = await run(redis)
  } finally {
    redis.disconnect()
  }
  // HONEYDUE_RECORD=1 writes the answers down anew; otherwise they must be those that the sandbox is held to.
  if (!process.env['HONEYDUE_RECORD']) expect(seen[key]).toEqual(JSON.parse(readFileSync(file, 'utf8'))[key])
}

test.each(redisCases)('$name', (each) => check(each.name, each, server, { password }))
test.each(strangerCases)('a stranger: $name', (each) => check(`stranger: ${each.name}`, each, server))
test.each(replicaCases)('a replica: $name', (each) => check(`replica: ${each.name}`, each, replica, { password }))
test.each(wireCases)('on the wire, in both protocols: %s', async (commands) => {
  const redis = server.client({ password })
  await redis.flushall()
  redis.disconnect()
  seen[`wire: ${commands}`] = [await wire(server, 2, commands), await wire(server, 3, commands)]
  if (!process.env['HONEYDUE_RECORD'])
    expect(seen[`wire: ${commands}`]).toEqual(JSON.parse(readFileSync(file, 'utf8'))[`wire: ${commands}`])
})
