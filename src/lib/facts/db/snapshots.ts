import type { Session } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'
import { squeezed } from './squeezed.ts'

/** "5s", "500ms", "1min", and a bare number of milliseconds; undefined for anything else. */
export const timeoutOf = (text: string): number | undefined => {
  const [, number, unit = 'ms'] = /\block_timeout\s*(?:=|:|to)\s*\\*['"]?(\d+)\s*(ms|s|min)?/i.exec(text) ?? []
  const factor = { ms: 1, s: 1000, min: 60_000 }[unit]
  return number === undefined || factor === undefined ? undefined : Number(number) * factor
}

/** Whether one of the files builds an index concurrently: that waits for every older snapshot of the database, whatever table it reads. */
export const waitsForSnapshots = (files: readonly MigrationFile[]): boolean =>
  files.some(({ statements }) => statements.some((one) => /^(CREATE (UNIQUE )?INDEX|REINDEX\b.*) \(?CONCURRENTLY\b/i.test(squeezed(one))))

/** Sessions that have held a snapshot for longer than a wait may last; milliseconds. */
export const oldSnapshots = (sessions: readonly Session[], longerThan: number): readonly Session[] =>
  sessions.filter(
    ({ snapshot, transactionAge, application }) => snapshot && application !== 'honeydue' && (transactionAge ?? 0) * 1000 > longerThan,
  )

/** "backend 7 (psql) has held a snapshot for 90 s" */
export const holdsSnapshot = ({ pid, application, transactionAge }: Session): string =>
  `backend ${pid} (${application || 'no name'}) has held a snapshot for ${Math.round(transactionAge ?? 0)} s`
