import { Client } from 'pg'
import { afterAll } from 'vitest'
import { unlock } from '../../src/lib/procedures/db/unlock.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'

const sandbox = useSandbox({ postgres: true })
const { systems, close } = useSystems(sandbox)

let pid = ''
const strand = async () => {
  pid = (await worlds['a lock stranded in the pooler'](sandbox()))?.PID ?? ''
}

let somebody: Client | undefined
const sessionOfSomebody = async () => {
  const { port, database, ca, directHost, query } = sandbox().postgres
  await query("DROP ROLE IF EXISTS somebody; CREATE ROLE somebody LOGIN PASSWORD 'else'")
  somebody = new Client({ host: '127.0.0.1', port, database, user: 'somebody', password: 'else', ssl: { ca, servername: directHost } })
  somebody.on('error', () => {})
  await somebody.connect()
  pid = String((await somebody.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid)
}
const sessionEnds = async () => {
  await somebody?.end()
  somebody = undefined
}
afterAll(sessionEnds)

const advisoryLocks = async () => sandbox().postgres.query("SELECT objid::text, granted FROM pg_locks WHERE locktype = 'advisory'")

laws(
  unlock,
  {
    systems,
    environment: () => sandbox().environment,
    observe: advisoryLocks,
    reset: async () => {
      await sessionEnds()
      await close()
      await sandbox().reset()
    },
    planted: plantedValues,
  },
  [
    { name: 'a lock stranded in the pooler', input: () => ({ pid }), arrange: strand, meets: 'work', again: 'refusal' },
    {
      name: 'a session of somebody else',
      input: () => ({ pid }),
      arrange: sessionOfSomebody,
      refused: /belongs to somebody: only sessions of neondb_owner can be ended/,
    },
  ],
)
