import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { takeBack, undoingOf } from '../../../src/lib/plan/undo.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import type { Database } from '../../../src/lib/sandbox/deployment/application-program.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { readyPods, underRequests } from '../../support/requests.ts'
import { liveValue } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { eventually } from '../../support/worlds.ts'
import { databaseOf } from '../deployment/pods.ts'
import { freePort } from '../processes.ts'
import { type RealPostgres, realPostgres } from './servers.ts'

let server: RealPostgres
let sandbox: Sandbox
let systems: ReturnType<typeof openSystems>
/** What each pod has open, as database/sql has it: lent while a request is served, and never closed for being idle. */
const pools = new Map<string, Pool>()

const poolsOf = ({ places, user, database, ca }: RealPostgres): Database['openApplicationConnections'] => {
  return async ({ host, application, pod = application, password, count }) => {
    const { port } = host === places.pooler.name ? places.pooler : places.direct
    const pool = new Pool({
      ...{ host: '127.0.0.1', port, user, database, ssl: { ca, servername: host }, application_name: application },
      ...(password !== undefined && { password }),
      ...{ max: count, idleTimeoutMillis: 0, connectionTimeoutMillis: 5000 },
    })
    pool.on('error', () => {})
    const opened = await Promise.allSettled(Array.from({ length: count }, () => pool.connect()))
    for (const one of opened) if (one.status === 'fulfilled') one.value.release()
    const reachable = opened.every(({ status }) => status === 'fulfilled')
    if (!reachable) return pool.end().then(() => ({ reachable, close: async () => {} }))
    pools.set(pod, pool)
    return {
      reachable,
      close: async () => {
        pools.delete(pod)
        await pool.end()
      },
    }
  }
}

beforeAll(async () => {
  server = await realPostgres({ password: planted.postgresPassword, asksForLogins: true })
  const { direct, pooler } = server.places
  const database = { ...databaseOf(server), openApplicationConnections: poolsOf(server) }
  // As many connections as requests come at once, as the warm-up makes them; nobody logs in to a Redis here.
  sandbox = await startSandbox({ warmupPings: 3, outside: { redis: await freePort(), database } })
  appendFileSync(join(sandbox.dir, 'ca.crt'), server.ca)
  const at = Object.fromEntries([direct, pooler].map(({ name, port }) => [name, `127.0.0.1:${port}`]))
  const environment = { ...sandbox.environment, hostaddr: { ...sandbox.environment.hostaddr, ...at } }
  systems = openSystems(environment, systemClock, new AbortController().signal)
}, 60_000)
afterAll(async () => {
  await systems?.close()
  await sandbox?.stop()
  await Promise.all([...pools.values()].map((pool) => pool.end()))
  await server?.stop()
})

const planned = (keepOld: boolean) => {
  const input = { name: 'POSTGRES_PASSWORD', from: undefined, soak: 0, 'keep-old': keepOld, 'newer-than': 0 }
  return prepare(rotate, input, systems, contextOf(sandbox.environment))
}

/** Whether each endpoint lets somebody in with it, who then asks something. */
const letsIn = (password: string): Promise<readonly boolean[]> =>
  Promise.all(
    Object.values(server.places).map(async ({ name, port }) => {
      const { user, database, ca } = server
      const client = new Client({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: name } })
      client.on('error', () => {})
      try {
        await client.connect()
        await client.query('SELECT 1')
        return true
      } catch {
        return false
      } finally {
        await client.end().catch(() => {})
      }
    }),
  )

const ask = async (pod: string): Promise<void> => {
  const pool = pools.get(pod)
  if (!pool) throw new Error('the pod has no pool')
  await pool.query('SELECT count(*) FROM pg_class')
}

const served = async (act: () => Promise<unknown>) => {
  const all = () => Promise.allSettled(readyPods(sandbox, 'api').map(({ metadata }) => ask(metadata.name)))
  await eventually(async () => (await all()).every(({ status }) => status === 'fulfilled'))
  return underRequests(sandbox, ask, act)
}

test('taken back on a real PostgreSQL behind PgBouncer, none is lost, and nobody is let in with the new one', async () => {
  const { asked, lost } = await served(async () => {
    const prepared = await planned(true)
    const { states, trouble } = await perform(prepared, runOf(systems, rotate.needs))
    expect(trouble).toBeUndefined()
    const made = liveValue(sandbox, 'POSTGRES_PASSWORD')
    expect([await letsIn(made), await letsIn(planted.postgresPassword)]).toEqual([
      [true, true],
      [false, false],
    ])
    const replan = async () => (await planned(true)).plan
    const undoing = undoingOf({ prepared, states, run: { systems, needs: rotate.needs }, replan })
    expect((await takeBack(undoing, runOf(systems, rotate.needs))).left).toEqual([])
    expect(liveValue(sandbox, 'POSTGRES_PASSWORD')).toBe(planted.postgresPassword)
    expect([await letsIn(made), await letsIn(planted.postgresPassword)]).toEqual([
      [false, false],
      [true, true],
    ])
  })
  expect(lost).toEqual([])
  expect(asked).toBeGreaterThan(100)
  console.info(`${asked} requests to a real PostgreSQL while a rotation was done and taken back, ${lost.length} lost`)
}, 180_000)

test('rotated on a real PostgreSQL behind PgBouncer under constant requests, none is lost, and the old password is dead', async () => {
  const { asked, lost } = await served(async () => {
    expect((await perform(await planned(false), runOf(systems, rotate.needs))).trouble).toBeUndefined()
  })
  const made = liveValue(sandbox, 'POSTGRES_PASSWORD')
  expect(lost).toEqual([])
  expect(asked).toBeGreaterThan(100)
  expect([await letsIn(made), await letsIn(planted.postgresPassword)]).toEqual([
    [true, true],
    [false, false],
  ])
  console.info(`${asked} requests to a real PostgreSQL during a rotation, ${lost.length} lost`)
}, 180_000)
