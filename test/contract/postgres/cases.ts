import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, QueryResultRow } from 'pg'
import type { ContractCase } from '../contract.ts'
import { codeOf, type Endpoint, type Open, type PostgresWorld, poolSize, withClients } from './world.ts'

type Case = ContractCase<PostgresWorld>

const one = (name: string, expected: unknown, give: (open: Open, world: PostgresWorld) => Promise<unknown>): Case => ({
  name,
  expected,
  give: (world) => withClients(world, (open) => give(open, world)),
})
const first = async (client: Client, sql: string): Promise<QueryResultRow | undefined> => (await client.query(sql)).rows[0]
const pidOf = async (client: Client): Promise<number> => (await first(client, 'SELECT pg_backend_pid() AS pid'))?.pid
const several = <T>(count: number, make: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: count }, make))

const startupCases: readonly Case[] = [
  ...(['statement_timeout', 'lock_timeout', 'options'] as const).map((parameter) =>
    one(`the startup parameter ${parameter}: directly, through the pooler`, ['no error', '08P01'], async (open) => {
      const extra = parameter === 'options' ? { options: '-c geqo=off' } : { [parameter]: 1000 }
      return [await codeOf(open('direct', extra)), await codeOf(open('pooler', extra))]
    }),
  ),
  one('an unknown database', '3D000', (open) => codeOf(open('direct', { database: 'honeydue' }))),
  one('a wrong password, directly', '28P01', (open) => codeOf(open('direct', { password: 'wrong' }))),
  one("the protocol's process id is pg_backend_pid(): directly, through the pooler", [true, false], async (open) => {
    const same = async (endpoint: Endpoint) => {
      const client = await open(endpoint)
      return (client as unknown as { processID: number }).processID === (await pidOf(client))
    }
    return [await same('direct'), await same('pooler')]
  }),
  one(
    'TLS: an authority that nobody knows, a name that the certificate has not',
    [
      ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
      ['ERR_TLS_CERT_ALTNAME_INVALID', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ],
    async (open, { ca }) => {
      const codes = async (ssl: object) => [await codeOf(open('direct', { ssl })), await codeOf(open('pooler', { ssl }))]
      return [
        await codes({ servername: 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech' }),
        await codes({ ca, servername: 'other.example' }),
      ]
    },
  ),
  one('as many connections as the role may have, and one more', '53300', async (open, world) => {
    await world.admin(`ALTER ROLE ${world.user} CONNECTION LIMIT 2`)
    try {
      await several(2, () => open('direct'))
      return await codeOf(open('direct'))
    } finally {
      await world.admin(`ALTER ROLE ${world.user} CONNECTION LIMIT -1`)
    }
  }),
]

const poolCases: readonly Case[] = [
  one('a transaction keeps its server connection; another client gets another', [true, true], async (open) => {
    const [client, other] = [await open('pooler'), await open('pooler')]
    await client.query('BEGIN')
    const held = await pidOf(client)
    const seen = [(await pidOf(other)) !== held, (await pidOf(client)) === held]
    await client.query('COMMIT')
    return seen
  }),
  one('a full pool: the next client waits until a transaction ends', ['waits', 'served'], async (open) => {
    const holders = await several(poolSize, () => open('pooler'))
    await Promise.all(holders.map((client) => client.query('BEGIN; SELECT 1')))
    const late = await open('pooler')
    const asked = late.query('SELECT 1').then(() => 'served')
    const before = await Promise.race([asked, sleep(300, 'waits')])
    await holders[0]?.query('COMMIT')
    return [before, await asked]
  }),
  one(
    'a backend that is ended inside a transaction through the pooler: then, and the next client',
    ['57P01', 'no error'],
    async (open, { admin }) => {
      const client = await open('pooler')
      await client.query('BEGIN')
      const pid = await pidOf(client)
      const gone = codeOf(client.query('SELECT pg_sleep(20)'))
      await until(admin, `SELECT FROM pg_stat_activity WHERE pid = ${pid} AND wait_event = 'PgSleep'`)
      await admin(`SELECT pg_terminate_backend(${pid})`)
      return [await gone, await codeOf((await open('pooler')).query('SELECT 1'))]
    },
  ),
  one('an idle server connection that is ended is replaced unseen', 'no error', async (open, { admin }) => {
    const client = await open('pooler')
    await admin(`SELECT pg_terminate_backend(${await pidOf(client)})`)
    await sleep(200)
    return codeOf(client.query('SELECT 1'))
  }),
  one('LISTEN hears: directly, through the pooler', [1, 0], async (open) => {
    const heard = async (endpoint: Endpoint) => {
      const listener = await open(endpoint)
      let count = 0
      listener.on('notification', () => {
        count += 1
      })
      await listener.query('LISTEN deploys')
      await (await open('direct')).query("NOTIFY deploys, 'one'")
      await sleep(200)
      return count
    }
    return [await heard('direct'), await heard('pooler')]
  }),
  one('a setting of the session leaks to the next borrower', true, async (open) => {
    const setter = await open('pooler')
    await setter.query('SET statement_timeout = 54321')
    await setter.end()
    const others = await several(6, () => open('pooler'))
    const seen = await Promise.all(others.map(async (client) => (await first(client, 'SHOW statement_timeout'))?.statement_timeout))
    return seen.includes('54321ms')
  }),
  one('SET default_transaction_read_only leaks too: the next borrower may not write', '25006', async (open) => {
    const setter = await open('pooler')
    await setter.query('SET default_transaction_read_only = on')
    await setter.end()
    return codeOf((await open('pooler')).query('CREATE TABLE never (id int)'))
  }),
  one('a timeout of a transaction alone does not leak', ['57014', '0'], async (open) => {
    const client = await open('pooler')
    await client.query("BEGIN; SET LOCAL statement_timeout = '50ms'")
    const code = await codeOf(client.query('SELECT pg_sleep(5)'))
    await client.query('ROLLBACK')
    return [code, (await first(client, 'SHOW statement_timeout'))?.statement_timeout]
  }),
  one('a failed statement leaves the client usable', ['42703', { two: 2 }], async (open) => {
    const client = await open('pooler')
    return [await codeOf(client.query('SELECT nonsense')), await first(client, 'SELECT 2 AS two')]
  }),
]

const until = async (admin: PostgresWorld['admin'], sql: string): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if ((await admin(sql)).length > 0) return
    await sleep(20)
  }
  throw new Error(`never so: ${sql}`)
}

const lockCases: readonly Case[] = [
  one(
    "a session's advisory lock stays in the server connection under the last borrower's name",
    {
      stranded: { application_name: 'locker', state: 'idle' },
      borrowed: { application_name: 'innocent', samePid: true },
      free: false,
      freeOnceEnded: true,
    },
    async (open) => {
      const locker = await open('pooler', { application_name: 'locker' })
      await locker.query('SELECT pg_advisory_lock(7351)')
      await locker.end()
      const watch = await open('direct')
      const holder = () =>
        first(
          watch,
          "SELECT a.pid, a.application_name, a.state FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objid = 7351",
        )
      const tryLock = async () => (await first(watch, 'SELECT pg_try_advisory_lock(7351) AS got'))?.got
      const { pid, ...stranded } = (await holder()) ?? {}
      // Whoever borrows it next is shown instead.
      const innocents = await several(4, () => open('pooler', { application_name: 'innocent' }))
      await Promise.all(innocents.map((client) => client.query('SELECT pg_sleep(0.05)')))
      const borrower = await holder()
      const free = await tryLock()
      await watch.query('SELECT pg_terminate_backend($1, 2000)', [pid])
      return {
        stranded,
        borrowed: { application_name: borrower?.application_name, samePid: borrower?.pid === pid },
        free,
        freeOnceEnded: await tryLock(),
      }
    },
  ),
  one('an advisory lock of a transaction goes with it', true, async (open) => {
    const locker = await open('pooler')
    await locker.query('BEGIN; SELECT pg_advisory_xact_lock(7352); COMMIT')
    return (await first(await open('direct'), 'SELECT pg_try_advisory_lock(7352) AS got'))?.got
  }),
]

/** Named prepared statements of three clients, one after the other, each used twice. */
const preparedOutcomes = async (open: Open): Promise<readonly unknown[]> => {
  const outcomes: unknown[] = []
  for (let round = 0; round < 3; round++) {
    const client = await open('pooler')
    const use = () => codeOf(client.query({ name: 'same', text: 'SELECT $1::int + 1 AS sum', values: [round] }))
    outcomes.push(await use(), await use())
    await client.end()
  }
  return outcomes
}

/** What honeydue relies on, whatever the pooler. */
export const postgresCases: readonly Case[] = [...startupCases, ...poolCases, ...lockCases]

/** PgBouncer before 1.21, measured on Debian's 1.18: named statements reach the server as they are. */
export const pgbouncer118Cases: readonly Case[] = [
  one('a wrong password, through PgBouncer 1.18', '08P01', (open) => codeOf(open('pooler', { password: 'wrong' }))),
  one('named prepared statements before PgBouncer 1.21', true, async (open) => (await preparedOutcomes(open)).includes('42P05')),
]

/** PgBouncer since 1.21 (documented), which Debian 12 does not have; Neon's proxy before it answers a wrong password itself. */
export const pgbouncer121Cases: readonly Case[] = [
  one('a wrong password, through Neon', '28P01', (open) => codeOf(open('pooler', { password: 'wrong' }))),
  one('named prepared statements since PgBouncer 1.21', Array(6).fill('no error'), preparedOutcomes),
]
