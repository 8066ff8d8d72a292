import { Client, type ClientConfig } from 'pg'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'
import type { ContractWorld } from '../contract.ts'

export type Endpoint = 'direct' | 'pooler'

/** A PostgreSQL with a pooler in transaction mode before it, ten server connections wide, both behind TLS. */
export interface PostgresWorld extends ContractWorld {
  readonly places: Readonly<Record<Endpoint, { readonly name: string; readonly port: number }>>
  readonly user: string
  readonly database: string
  readonly password: string
  /** PEM of the authority that signed both endpoints' certificates. */
  readonly ca: string
  /** One statement as the superuser, past the pooler. */
  admin(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** How many server connections the pooler opens. */
export const poolSize = 10

export type Open = (endpoint: Endpoint, more?: ClientConfig) => Promise<Client>

/** Clients for the time of `use`, ended whatever happens. */
export const withClients = async <T>(world: PostgresWorld, use: (open: Open) => Promise<T>): Promise<T> => {
  const clients: Client[] = []
  const open: Open = async (endpoint, more = {}) => {
    const { user, database, password, ca, places } = world
    const { name, port } = places[endpoint]
    const client = new Client({ host: '127.0.0.1', port, user, database, password, ssl: { ca, servername: name }, ...more })
    client.on('error', () => {})
    await client.connect()
    clients.push(client)
    return client
  }
  try {
    return await use(open)
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
  }
}

/** The code of what was thrown, or "no error". */
export const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no error',
    (error) => (error instanceof Error && 'code' in error ? error.code : String(error)),
  )

export const sandboxPostgres = (poolerRelease: '1.18' | '1.24') => async (): Promise<PostgresWorld> => {
  const postgres = await startPostgres({ authority: createAuthority('honeyDue sandbox'), poolerRelease, poolSize })
  const { port, user, database, password, ca } = postgres
  return {
    places: { direct: { name: postgres.directHost, port }, pooler: { name: postgres.poolerHost, port } },
    user,
    database,
    password,
    ca,
    admin: (sql) => postgres.query(sql),
    reset: () => postgres.reset(),
    stop: () => postgres.stop(),
  }
}
