import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { takeBack, undoingOf } from '../../../src/lib/plan/undo.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { ofRedis, underRequests } from '../../support/requests.ts'
import { liveValue } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { type RealRedis, startRealRedis } from './server.ts'

let server: RealRedis
let sandbox: Sandbox
let systems: ReturnType<typeof openSystems>
beforeAll(async () => {
  server = await startRealRedis([], planted.redisPassword)
  sandbox = await startSandbox({ warmupPings: 2, outside: { redis: server.port } })
  systems = openSystems(sandbox.environment, systemClock, new AbortController().signal)
})
afterAll(async () => {
  await systems?.close()
  await sandbox?.stop()
  await server?.stop()
})

const planned = (keepOld: boolean) => {
  const input = { name: 'REDIS_PASSWORD', from: undefined, soak: 0, 'keep-old': keepOld, 'newer-than': 0 }
  return prepare(rotate, input, systems, contextOf(sandbox.environment))
}

/** Whether the real server lets somebody in with it, and its requirepass where it does. */
const login = async (password: string): Promise<string | undefined> => {
  const client = new Redis({
    host: '127.0.0.1',
    port: server.port,
    password,
    protocol: 2,
    retryStrategy: () => null,
    lazyConnect: true,
    disableClientInfo: true,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return ((await client.config('GET', 'requirepass')) as string[])[1]
  } catch {
    return undefined
  } finally {
    client.disconnect()
  }
}

const served = (act: () => Promise<unknown>) => underRequests(sandbox, ofRedis(sandbox, server.port), act)

test('taken back on a real Redis, none is lost, and it lets nobody in with the new one', async () => {
  const { asked, lost } = await served(async () => {
    const prepared = await planned(true)
    const { states, trouble } = await perform(prepared, runOf(systems, rotate.needs))
    expect(trouble).toBeUndefined()
    const made = liveValue(sandbox, 'REDIS_PASSWORD')
    expect(made).not.toBe(planted.redisPassword)
    expect([await login(made), await login(planted.redisPassword)]).toEqual([made, made])
    const replan = async () => (await planned(true)).plan
    const undoing = undoingOf({ prepared, states, run: { systems, needs: rotate.needs }, replan })
    expect((await takeBack(undoing, runOf(systems, rotate.needs))).left).toEqual([])
    expect(liveValue(sandbox, 'REDIS_PASSWORD')).toBe(planted.redisPassword)
    expect([await login(made), await login(planted.redisPassword)]).toEqual([undefined, planted.redisPassword])
  })
  expect(lost).toEqual([])
  console.info(`${asked} requests to a real Redis while a rotation was done and taken back, ${lost.length} lost`)
}, 120_000)

test('rotated on a real Redis under constant requests, none is lost, and the old password is dead', async () => {
  const { asked, lost } = await served(async () => {
    expect((await perform(await planned(false), runOf(systems, rotate.needs))).trouble).toBeUndefined()
  })
  const made = liveValue(sandbox, 'REDIS_PASSWORD')
  expect(lost).toEqual([])
  expect([await login(made), await login(planted.redisPassword)]).toEqual([made, undefined])
  console.info(`${asked} requests to a real Redis during a rotation, ${lost.length} lost`)
}, 120_000)
