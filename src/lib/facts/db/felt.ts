import type { LockMode } from '../../sql/effect.ts'
import { takesRows } from './measured.ts'
import type { Beyond, PendingStatement } from './statements.ts'

/** "destroys, blocks reads and writes of tasks, blocks writes of users" */
export const feltBy = ({ destroys, rewrites, scans, locks, unknown, refused, measured }: PendingStatement): string => {
  const hard = locks.filter(({ mode }) => blocks[mode] !== gentle)
  return (
    [
      refused ?? '',
      destroys ? 'destroys' : '',
      rewrites ? 'rewrites every row' : scans ? 'reads every row' : '',
      ...blocking(hard.length > 0 ? hard : locks.slice(0, 1)),
      ...(measured ? [`measured without rows: ${seen(measured)}`] : unknown.map((because) => `not known: ${because}`)),
    ]
      .filter(Boolean)
      .join(', ') || 'nobody waits'
  )
}

const seen = (measured: Beyond): string => {
  const { locks, rewrites, emptied, scans, dropped } = measured
  const on = (what: string, tables: readonly string[]) => (tables.length === 0 ? [] : [`${what} ${few(tables)}`])
  const written = locks?.filter(({ mode }) => mode === 'RowExclusive').map(({ table }) => table) ?? []
  return [
    ...(takesRows(measured) ? ['destroys'] : []),
    ...on('rewrites every row of', rewrites),
    ...on('empties or rewrites', emptied),
    ...on('reads every row of', scans),
    ...blocking(locks?.filter(({ mode }) => mode !== 'RowExclusive') ?? []),
    ...on('may change rows of', written),
    ...on(
      'drops',
      dropped.map(({ kind, name }) => `${kind} ${name}`),
    ),
    ...(locks === undefined ? ['its locks were not measured'] : []),
  ].join(', ')
}

const blocking = (locks: PendingStatement['locks']): readonly string[] =>
  [...new Set(locks.map(({ mode }) => blocks[mode]))]
    .filter(Boolean)
    .map((how) => `${how} of ${few(locks.filter(({ mode }) => blocks[mode] === how).map(({ table }) => table))}`)

const few = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 5).join(', ')} and ${names.length - 5} more` : names.join(', ')

const gentle = 'blocks no reads or writes'
const blocks: Readonly<Record<LockMode, string>> = {
  none: '',
  RowExclusive: gentle,
  ShareUpdateExclusive: gentle,
  Share: 'blocks writes',
  ShareRowExclusive: 'blocks writes',
  Exclusive: 'blocks writes',
  AccessExclusive: 'blocks reads and writes',
}
