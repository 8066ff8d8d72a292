import type { Migration } from '../../../src/lib/postgres-server/schema.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { migrateProgram } from '../../../src/lib/sandbox/postgres/migrate-program.ts'
import { startPostgres } from '../../../src/lib/sandbox/postgres/postgres.ts'
import type { ContractWorld } from '../contract.ts'

export type GooseFiles = readonly Pick<Migration, 'name' | 'sql'>[]

/** What a run of goose left: its exit code (null: killed) and its lines, without times and durations. */
export interface GooseEnd {
  readonly code: number | null
  readonly lines: readonly string[]
}

/** A database with migrations 1 and 2 applied, and goose 3.22.1 or what stands for it. */
export interface GooseWorld extends ContractWorld {
  /** `goose up` with these files in its folder; the signal kills it as SIGKILL does. */
  up(files: GooseFiles, signal?: AbortSignal): Promise<GooseEnd>
  /** One statement as the superuser. */
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
}

/** Without the date that Go's log puts first, and without durations. */
export const plainLine = (line: string): string =>
  line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '').replace(/\([\d.µnms]+s\)/, '(time)')

export const sandboxGoose = async (): Promise<GooseWorld> => {
  const postgres = await startPostgres({ authority: createAuthority('honeyDue sandbox') })
  return {
    async up(files, signal = new AbortController().signal) {
      const lines: string[] = []
      const code = await migrateProgram(
        postgres,
        async () => files,
      )({
        pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'honeydue-migrate-x' } },
        container: 'migrate',
        env: { DB_HOST: postgres.poolerHost },
        log: (line) => lines.push(...line.split('\n').map(plainLine)),
        ready: () => {},
        signal,
      })
      return { code: code === 137 ? null : code, lines }
    },
    query: (sql) => postgres.query(sql),
    reset: () => postgres.reset(),
    stop: () => postgres.stop(),
  }
}
