import { Client } from 'pg'
import { expect, test } from 'vitest'
import { postgresSystem } from '../../../src/lib/systems/postgres/postgres.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)

/** A session of somebody else that has these tables to itself. */
const holding = async (...tables: readonly string[]): Promise<Client> => {
  const { port, user, database, password, ca, directHost } = sandbox().postgres
  const client = new Client({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: directHost } })
  client.on('error', () => {})
  await client.connect()
  await client.query(`BEGIN; ${tables.map((table) => `LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`).join('; ')}`)
  return client
}

test('whatever waits for a lock gives up in seconds, with the way to see who has it', async () => {
  const { direct } = await systems().postgres.read.application()
  await sandbox().postgres.query("INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')")
  await sandbox()
    .postgres.query('CREATE UNIQUE INDEX CONCURRENTLY tasks_title ON tasks (title)')
    .catch(() => {})
  const holder = await holding('goose_db_version', 'tasks')
  const { hostaddr, ca } = sandbox().environment
  // One connection each: on the same one they would wait for each other.
  const one = () => postgresSystem({ application: systems().postgres.read.application, hostaddr, ...(ca !== undefined && { caFile: ca }) })
  const index = { schema: 'public', name: 'tasks_title' }
  const asked = [one(), one(), one(), one(), one()]
  const [a, b, c, d, e] = asked
  try {
    const answers = await Promise.allSettled([
      a?.read.versions(direct),
      b?.read.schema(direct),
      c?.write.markVersions(direct, [3n], 'public'),
      d?.write.dropInvalidIndex(direct, index),
      e?.write.rebuildInvalidIndex(direct, index),
    ])
    expect(answers.map((answer) => (answer.status === 'rejected' ? [answer.reason.code, answer.reason.next] : answer.value))).toEqual(
      Array(5).fill(['postgres-lock-timeout', 'honeydue db:locks']),
    )
    // Looking needs none of these tables.
    expect((await systems().postgres.read.sessions(direct)).length).toBeGreaterThan(0)
  } finally {
    await Promise.all(asked.map((system) => system.close()))
    await holder.end()
  }
}, 60_000)
