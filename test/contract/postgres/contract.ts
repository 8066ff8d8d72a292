import { Client, type ClientConfig } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

/** A PostgreSQL with a pooler in transaction mode before it: the sandbox's, or real servers. */
export interface Stand {
  readonly direct: ClientConfig
  readonly pooler: ClientConfig
  /** Before PgBouncer 1.21 named statements reach the server as they are. */
  readonly preparedStatements: 'naive' | 'tracked'
  /** PgBouncer 1.18 says 08P01; before Neon's pooler its proxy has already said 28P01. */
  readonly wrongPassword: '08P01' | '28P01'
  stop(): Promise<void>
}

/** What honeydue relies on, as measured on PostgreSQL 15 with PgBouncer 1.18. */
export const postgresContract = (name: string, start: () => Promise<Stand>): void => {
  describe(`PostgreSQL and its pooler: ${name}`, () => {
    let stand: Stand
    const clients: Client[] = []
    const open = async (config: ClientConfig): Promise<Client> => {
      const client = new Client(config)
      client.on('error', () => {})
      await client.connect()
      clients.push(client)
      return client
    }
    const closeAll = () => Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})))
    const codeOf = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => 'no error',
        (error) => (error instanceof Error && 'code' in error ? error.code : error),
      )
    beforeAll(async () => {
      stand = await start()
    })
    afterAll(async () => {
      await closeAll()
      await stand?.stop()
    })

    test.each(['statement_timeout', 'lock_timeout', 'options'] as const)(
      'the pooler refuses the startup parameter %s with 08P01',
      async (parameter) => {
        const extra = parameter === 'options' ? { options: '-c geqo=off' } : { [parameter]: 1000 }
        expect(await codeOf(open({ ...stand.pooler, ...extra }))).toBe('08P01')
        const direct = await open({ ...stand.direct, ...extra })
        expect((await direct.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
        await closeAll()
      },
    )

    test('a wrong password is refused with 28P01, by PgBouncer 1.18 with 08P01; an unknown database with 3D000', async () => {
      const refusal = (endpoint: ClientConfig) => codeOf(open({ ...endpoint, password: 'wrong' }))
      expect([await refusal(stand.direct), await refusal(stand.pooler)]).toEqual(['28P01', stand.wrongPassword])
      expect(await codeOf(open({ ...stand.direct, database: 'honeydue' }))).toBe('3D000')
    })

    test("the protocol's process id is pg_backend_pid() directly, and is not through the pooler", async () => {
      const same = async (config: ClientConfig) => {
        const client = await open(config)
        const { rows } = await client.query('SELECT pg_backend_pid() AS pid')
        return (client as unknown as { processID: number }).processID === rows[0].pid
      }
      expect([await same(stand.direct), await same(stand.pooler)]).toEqual([true, false])
      await closeAll()
    })

    test('a transaction keeps its server connection; between transactions another client may get it', async () => {
      const [one, two] = [await open(stand.pooler), await open(stand.pooler)]
      const pid = async (client: Client) => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid
      await one.query('BEGIN')
      const held = await pid(one)
      expect(await pid(two)).not.toBe(held)
      expect(await pid(one)).toBe(held)
      await one.query('COMMIT')
      await closeAll()
    })

    test("a session's advisory lock stays in the server connection under the last borrower's name", async () => {
      const locker = await open({ ...stand.pooler, application_name: 'locker' })
      await locker.query('SELECT pg_advisory_lock(7351)')
      await locker.end()
      const watch = await open(stand.direct)
      const holder = async () =>
        (
          await watch.query(
            "SELECT a.pid, a.application_name, a.state FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND l.granted AND l.objid = 7351",
          )
        ).rows[0]
      const stranded = await holder()
      expect(stranded).toMatchObject({ application_name: 'locker', state: 'idle' })
      // Whoever borrows it next is shown instead.
      const innocents = await Promise.all(Array.from({ length: 4 }, () => open({ ...stand.pooler, application_name: 'innocent' })))
      await Promise.all(innocents.map((client) => client.query('SELECT pg_sleep(0.05)')))
      expect(await holder()).toMatchObject({ pid: stranded.pid, application_name: 'innocent' })
      expect((await watch.query('SELECT pg_try_advisory_lock(7351) AS got')).rows).toEqual([{ got: false }])
      await watch.query('SELECT pg_terminate_backend($1)', [stranded.pid])
      await closeAll()
    })

    test('a setting of the session leaks to the next borrower', async () => {
      const setter = await open(stand.pooler)
      await setter.query('SET statement_timeout = 54321')
      await setter.end()
      const others = await Promise.all(Array.from({ length: 6 }, () => open(stand.pooler)))
      const seen = await Promise.all(others.map(async (client) => (await client.query('SHOW statement_timeout')).rows[0].statement_timeout))
      expect(seen).toContain('54321ms')
      await Promise.all(others.map((client) => client.query('RESET statement_timeout; SELECT pg_sleep(0.03)')))
      await closeAll()
    })

    test('named prepared statements: 42P05 before PgBouncer 1.21, carried along since', async () => {
      const outcomes: unknown[] = []
      for (let round = 0; round < 3; round++) {
        const client = await open(stand.pooler)
        outcomes.push(await codeOf(client.query({ name: 'same', text: 'SELECT $1::int + 1 AS sum', values: [round] })))
        outcomes.push(await codeOf(client.query({ name: 'same', text: 'SELECT $1::int + 1 AS sum', values: [round] })))
        await client.end()
      }
      if (stand.preparedStatements === 'naive') expect(outcomes).toContain('42P05')
      else expect(outcomes).toEqual(Array(6).fill('no error'))
      await closeAll()
    })

    test('a failed statement leaves the client usable, and a cancelled one ends with 57014', async () => {
      const client = await open(stand.pooler)
      expect(await codeOf(client.query('SELECT nonsense'))).toBe('42703')
      await client.query('BEGIN')
      await client.query("SET LOCAL statement_timeout = '50ms'")
      expect(await codeOf(client.query('SELECT pg_sleep(5)'))).toBe('57014')
      await client.query('ROLLBACK')
      expect((await client.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }])
      await closeAll()
    })
  })
}
