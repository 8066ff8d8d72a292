import { Client } from 'pg'
import type { Program } from '../kubernetes/types.ts'
import { gooseUp } from './goose.ts'
import type { PostgresSandbox } from './postgres.ts'
import type { Migration } from './schema.ts'

/** The program of the `honeydue-migrate` Job: strips `-pooler` from DB_HOST and runs the image's files with goose against the sandbox's PostgreSQL. */
export const migrateProgram =
  (
    postgres: Pick<PostgresSandbox, 'port' | 'user' | 'database' | 'ca' | 'password'>,
    files: () => readonly Pick<Migration, 'name' | 'sql'>[],
  ): Program =>
  async (run) => {
    const host = (run.env.DB_HOST ?? '').replace('-pooler', '')
    const client = new Client({
      host: '127.0.0.1',
      port: postgres.port,
      user: run.env.POSTGRES_USER ?? postgres.user,
      database: run.env.POSTGRES_DB ?? postgres.database,
      password: run.env.POSTGRES_PASSWORD ?? postgres.password,
      ssl: { ca: postgres.ca, servername: host },
      connectionTimeoutMillis: 10_000,
    })
    client.on('error', () => {})
    try {
      await client.connect()
    } catch (error) {
      run.log(`goose run: failed to connect to host=${host}: ${error instanceof Error ? error.message : error}`)
      return 1
    }
    return gooseUp({ client, files: files(), log: run.log, signal: run.signal })
  }
