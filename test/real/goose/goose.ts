import { migrations } from '../../../src/lib/postgres-server/schema.ts'
import { type GooseEnd, type GooseFiles, type GooseWorld, plainLine } from '../../contract/goose/world.ts'
import { realPostgres } from '../postgres/servers.ts'
import { requireGoose, runGoose } from './run.ts'

/** goose 3.22.1 itself against Debian's PostgreSQL. */
export const realGoose = async (): Promise<GooseWorld> => {
  requireGoose()
  const postgres = await realPostgres()
  const { user, database, places } = postgres
  const where = `host=${postgres.folder} port=${places.direct.port} user=${user} dbname=${database}`
  const up = async (files: GooseFiles, signal?: AbortSignal): Promise<GooseEnd> => {
    const lines: string[] = []
    const code = await runGoose({ where, files, signal, line: (text) => lines.push(plainLine(text)) })
    return { code, lines }
  }
  const fresh = async () => {
    const admin = await postgres.connect('postgres')
    try {
      await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
      await admin.query(`CREATE DATABASE "${database}" OWNER ${user}`)
    } finally {
      await admin.end()
    }
    const { code, lines } = await up(migrations)
    if (code !== 0) throw new Error(`goose did not apply the sandbox's own migrations: ${lines.join('\n')}`)
  }
  return { up, query: (sql) => postgres.admin(sql), reset: fresh, stop: postgres.stop }
}
