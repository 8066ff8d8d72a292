import { Client } from 'pg'
import type { PostgresSandbox } from './postgres.ts'

export type Reachable = Pick<PostgresSandbox, 'portOf' | 'user' | 'database' | 'ca' | 'password'>

/** One connection as a program in a pod opens it, with the pod's environment. Rejects as `pg` does. */
export const connectAsPod = async (
  postgres: Reachable,
  { host, env, application }: { readonly host: string; readonly env: Readonly<Record<string, string>>; readonly application?: string },
): Promise<Client> => {
  const client = new Client({
    host: '127.0.0.1',
    port: postgres.portOf(host),
    user: env.POSTGRES_USER ?? postgres.user,
    database: env.POSTGRES_DB ?? postgres.database,
    password: env.PGPASSWORD ?? env.POSTGRES_PASSWORD ?? postgres.password,
    ...(application !== undefined && { application_name: application }),
    ssl: { ca: postgres.ca, servername: host },
    connectionTimeoutMillis: 10_000,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}
