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
  one('DateStyle and TimeZone are carried: the next borrower has those of the start', ['ISO, MDY', 'Etc/UTC'], async (open) => {
    const setter = await open('pooler')
    await setter.query("SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'")
    const next = await open('pooler')
    return [(await first(next, 'SHOW DateStyle'))?.DateStyle, (await first(next, 'SHOW TimeZone'))?.TimeZone]
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

/** The code and the words of what was thrown. */
const saidBy = (work: Promise<unknown>): Promise<readonly unknown[]> =>
  work.then(
    () => ['no error'],
    (error) => [error.code, error.message],
  )

/** The same, and whether the client can go on. */
const refusal = async (client: Client, work: Promise<unknown>): Promise<readonly unknown[]> => {
  return [...(await saidBy(work)), (await codeOf(client.query('SELECT 1'))) === 'no error' ? 'goes on' : 'ended']
}

/** What the driver believes of its own prepared statements: taking it away makes it prepare again, adding to it makes it not prepare. */
const believed = (client: Client): Record<string, string> =>
  (client as unknown as { readonly connection: { readonly parsedStatements: Record<string, string> } }).connection.parsedStatements

/** What the server calls a client that gives no name, after one that gave its own. */
const namelessAfter = async (open: Open): Promise<unknown> => {
  await (await open('pooler', { application_name: 'setter' })).query('SELECT 1')
  return (await first(await open('pooler'), "SELECT current_setting('application_name') AS name"))?.name
}

const named = (name: string, text: string) => ({ name, text })

/** PgBouncer before 1.21, measured on Debian's 1.18: named statements reach the server as they are. */
export const pgbouncer118Cases: readonly Case[] = [
  one('a wrong password, through PgBouncer 1.18', '08P01', (open) => codeOf(open('pooler', { password: 'wrong' }))),
  one('a database that is not there, through PgBouncer 1.18', ['08P01', 'database "honeydue" does not exist'], (open) =>
    saidBy(open('pooler', { database: 'honeydue' })),
  ),
  one('a client without a name keeps the name of the last borrower', 'setter', namelessAfter),
  one('named prepared statements before PgBouncer 1.21', true, async (open) => (await preparedOutcomes(open)).includes('42P05')),
]

/** PgBouncer since 1.22, measured on 1.24.1. */
export const pgbouncer124Cases: readonly Case[] = [
  one('a database that is not there, through PgBouncer 1.24', ['3D000', 'database "honeydue" does not exist'], (open) =>
    saidBy(open('pooler', { database: 'honeydue' })),
  ),
  one('a client without a name has none', '', namelessAfter),
  one('named prepared statements since PgBouncer 1.21', Array(6).fill('no error'), preparedOutcomes),
  one(
    'a name that is prepared twice, and one that never was: the pooler ends the client',
    [
      ['08P01', 'prepared statement name is already in use', 'ended'],
      ['08P01', 'prepared statement did not exist', 'ended'],
    ],
    async (open) => {
      const [twice, never] = [await open('pooler'), await open('pooler')]
      await twice.query(named('mine', 'SELECT 1'))
      delete believed(twice)['mine']
      believed(never)['ghost'] = 'SELECT 1'
      return [await refusal(twice, twice.query(named('mine', 'SELECT 1'))), await refusal(never, never.query(named('ghost', 'SELECT 1')))]
    },
  ),
  one('a statement that the server would not prepare is not taken for prepared', ['42P01', 'no error'], async (open, { admin }) => {
    const early = await codeOf((await open('pooler')).query(named('one', 'SELECT count(*) FROM later')))
    await admin('CREATE TABLE later (id int); GRANT ALL ON later TO PUBLIC')
    const after = await codeOf((await open('pooler')).query(named('two', 'SELECT count(*) FROM later')))
    await admin('DROP TABLE later')
    return [early, after]
  }),
  ...(['DEALLOCATE ALL', 'DISCARD ALL'] as const).map((all) =>
    one(
      `${all} forgets the statements of its client, and those of other clients go on`,
      [['08P01', 'prepared statement did not exist', 'ended'], 'no error'],
      async (open) => {
        const [mine, other] = [await open('pooler'), await open('pooler')]
        for (const client of [mine, other]) await client.query(named('same', 'SELECT 7 AS seven'))
        await mine.query(all)
        return [
          await refusal(mine, mine.query(named('same', 'SELECT 7 AS seven'))),
          await codeOf(other.query(named('same', 'SELECT 7 AS seven'))),
        ]
      },
    ),
  ),
  one('DEALLOCATE of one name and PREPARE in SQL reach the server as they are', ['26000', '42P05'], async (open) => {
    const client = await open('pooler')
    await client.query(named('mine', 'SELECT 1'))
    const gone = await codeOf(client.query('DEALLOCATE mine'))
    await client.query('PREPARE shared AS SELECT 1')
    return [gone, await codeOf((await open('pooler')).query('PREPARE shared AS SELECT 1'))]
  }),
  one(
    'after DDL the plan of a server connection stays old: its client, one that comes later, and once it has ended',
    ['0A000', '0A000', 'no error'],
    async (open, { admin }) => {
      await admin('CREATE TABLE planned (id int); GRANT ALL ON planned TO PUBLIC')
      const sql = 'SELECT * FROM planned'
      const client = await open('pooler')
      await client.query(named('all', sql))
      const pid = await pidOf(client)
      await admin('ALTER TABLE planned ADD COLUMN more text')
      const now = await codeOf(client.query(named('all', sql)))
      // A client that leaves before the server is done takes the server connection with it.
      await client.query('SELECT 1')
      await client.end()
      const later = await codeOf((await open('pooler')).query(named('another', sql)))
      await admin(`SELECT pg_terminate_backend(${pid}, 2000)`)
      await sleep(200)
      const fresh = await codeOf((await open('pooler')).query(named('third', sql)))
      await admin('DROP TABLE planned')
      return [now, later, fresh]
    },
  ),
  one('more statements than the pooler keeps in a server connection', ['no error', true], async (open) => {
    const client = await open('pooler')
    const texts = Array.from({ length: 210 }, (_, i) => named(`s${i}`, `SELECT ${i} AS n`))
    for (const text of texts) await client.query(text)
    const again = await codeOf(client.query(texts[0] ?? ''))
    const kept = await first(client, 'SELECT count(*)::int AS n FROM pg_prepared_statements')
    return [again, kept?.n <= 200]
  }),
  one(
    'options of the startup message: a setting that is carried, one that is not, and what is no setting',
    [
      ['German, DMY'],
      ['08P01', 'unsupported startup parameter in options: geqo'],
      ['08P01', "unsupported options startup parameter: only '-c config=val' and '--config=val' are allowed"],
    ],
    async (open) => {
      const told = (options: string) =>
        open('pooler', { options }).then(
          async (client) => [(await first(client, 'SHOW DateStyle'))?.DateStyle],
          (error) => [error.code, error.message],
        )
      return [await told('-c datestyle=German'), await told('-c geqo=off'), await told('-d 5')]
    },
  ),
  one(
    'a startup parameter that the pooler does not know, in its words',
    ['08P01', 'unsupported startup parameter: statement_timeout'],
    (open) => saidBy(open('pooler', { statement_timeout: 1000 })),
  ),
  one(
    'IntervalStyle is carried like the other settings: to its client, not to the next borrower',
    ['iso_8601', 'postgres'],
    async (open) => {
      const setter = await open('pooler')
      await setter.query("SET IntervalStyle = 'iso_8601'")
      const other = await first(await open('pooler'), 'SHOW IntervalStyle')
      return [(await first(setter, 'SHOW IntervalStyle'))?.IntervalStyle, other?.IntervalStyle]
    },
  ),
]

/** Neon's proxy before the pooler answers a wrong password itself (documented); PgBouncer would say 08P01. */
export const neonCases: readonly Case[] = [
  one('a wrong password, through Neon', '28P01', (open) => codeOf(open('pooler', { password: 'wrong' }))),
]
