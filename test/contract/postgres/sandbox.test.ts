import type { ClientConfig } from 'pg'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'
import { postgresContract, type Stand } from './contract.ts'

const sandbox = (preparedStatements: Stand['preparedStatements']) => async (): Promise<Stand> => {
  const postgres = await startPostgres({ authority: createAuthority('honeyDue sandbox'), preparedStatements })
  const { port, user, database, password, ca } = postgres
  const at = (servername: string): ClientConfig => ({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername } })
  return {
    direct: at(postgres.directHost),
    pooler: at(postgres.poolerHost),
    preparedStatements,
    wrongPassword: preparedStatements === 'naive' ? '08P01' : '28P01',
    stop: postgres.stop,
  }
}

postgresContract('the sandbox, as PgBouncer 1.18', sandbox('naive'))
postgresContract('the sandbox, as PgBouncer 1.21 and later', sandbox('tracked'))
