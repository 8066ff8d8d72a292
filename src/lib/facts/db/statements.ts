import type { TableSize } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'
import { effectOf, type StatementEffect, worstFirst } from './statement-effect.ts'

/** One statement of a file that has not run. */
export interface PendingStatement extends StatementEffect {
  readonly file: string
  /** Of the table that it names, where that exists. */
  readonly size: TableSize | undefined
}

/** Destructive ones first, then what rewrites, then by the strength of the lock. */
export const pendingStatements = (files: readonly MigrationFile[], sizes: readonly TableSize[]): readonly PendingStatement[] => {
  const all = files.flatMap(({ name, statements }) =>
    statements.map((text): PendingStatement => {
      const effect = effectOf(text)
      return { ...effect, file: name, size: sizes.find(({ table }) => table === effect.table) }
    }),
  )
  return worstFirst(all) as readonly PendingStatement[]
}

/** "destroys, locks tasks against reads and writes" */
export const feltBy = ({ destroys, rewrites, scans, lock, table }: StatementEffect): string =>
  [
    destroys ? 'destroys' : '',
    rewrites ? 'rewrites every row' : scans ? 'reads every row' : '',
    lock === 'none' ? '' : `${blocks[lock]}${table === undefined ? '' : ` of ${table}`}`,
  ]
    .filter(Boolean)
    .join(', ') || 'nobody waits'

const blocks: Readonly<Record<Exclude<StatementEffect['lock'], 'none'>, string>> = {
  RowExclusive: 'blocks no reads or writes',
  ShareUpdateExclusive: 'blocks no reads or writes',
  Share: 'blocks writes',
  ShareRowExclusive: 'blocks writes',
  AccessExclusive: 'blocks reads and writes',
}

/** "100 rows, 64 kB": as the server last counted. */
export const sizeText = ({ rows, bytes }: TableSize): string => `${rows < 0 ? 'never counted' : `${rows} rows`}, ${bytesText(bytes)}`

const bytesText = (bytes: number): string =>
  bytes < 1024 * 1024
    ? `${Math.round(bytes / 1024)} kB`
    : bytes < 1024 ** 3
      ? `${Math.round(bytes / 1024 ** 2)} MB`
      : `${(bytes / 1024 ** 3).toFixed(1)} GB`
