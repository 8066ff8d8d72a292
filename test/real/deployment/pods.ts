import { Client } from 'pg'
import type { Database } from '../../../src/lib/sandbox/deployment/application-program.ts'
import type { MigrationFile } from '../../../src/lib/sandbox/deployment/images.ts'
import type { Program } from '../../../src/lib/sandbox/kubernetes/types.ts'
import type { Reachable } from '../../../src/lib/sandbox/postgres/pod-connection.ts'
import { runGoose } from '../goose/run.ts'
import type { RealPostgres } from '../postgres/servers.ts'

/** The real database as the pods' programs reach it. */
export const databaseOf = ({ places, user, database, password, ca }: RealPostgres): Database & Reachable => {
  const portOf = (host: string): number => (host === places.pooler.name ? places.pooler.port : places.direct.port)
  return {
    portOf,
    user,
    database,
    password,
    ca,
    async openApplicationConnections({ host, application, password: own = password, count }) {
      const clients = Array.from({ length: count }, () => {
        const client = new Client({
          host: '127.0.0.1',
          port: portOf(host),
          user,
          database,
          password: own,
          application_name: application,
          ssl: { ca, servername: host },
        })
        return client.on('error', () => {})
      })
      const opened = await Promise.allSettled(clients.map((client) => client.connect().then(() => client.query('SELECT 1'))))
      return {
        reachable: opened.every(({ status }) => status === 'fulfilled'),
        close: async () => void (await Promise.allSettled(clients.map((client) => client.end()))),
      }
    },
  }
}

/** What the migration's Job runs: goose itself, directly. */
export const gooseOf =
  ({ places, user, database }: RealPostgres) =>
  (files: () => Promise<readonly MigrationFile[]>): Program =>
  async ({ env, log, signal }) => {
    const where = `host=127.0.0.1 port=${places.direct.port} user=${user} dbname=${database} sslmode=require lock_timeout=5s`
    return (await runGoose({ where, files: await files(), password: env.PGPASSWORD, signal, line: log })) ?? 137
  }
