import type { DropStmt } from 'libpg-query'
import { type Effect, joined, locking, unknown } from './effect.ts'
import { dotted, parts } from './names.ts'
import { type Surroundings, viewsOf, withChildren } from './surroundings.ts'

/** What goes with its table's rows, or with its columns. */
const holding = new Set(['OBJECT_TABLE', 'OBJECT_MATVIEW', 'OBJECT_SCHEMA', 'OBJECT_SEQUENCE', 'OBJECT_FOREIGN_TABLE'])
/** What belongs to a table, which is named before it. */
const belonging = new Set(['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'])

export const effectOfDrop = (
  { objects = [], removeType = 'OBJECT_TABLE', behavior, concurrent }: DropStmt,
  around: Surroundings,
): Effect => {
  const cascades = behavior === 'DROP_CASCADE'
  const names = objects.map((node) => parts(node))
  if (belonging.has(removeType)) return joined(names.map((name) => locking('AccessExclusive', dotted(name.slice(0, -1)))))
  const wanted = names.map(dotted)
  if (removeType === 'OBJECT_INDEX') {
    const tables = wanted.flatMap((index) => around.indexes.filter((one) => one.index === index).map(({ table }) => table))
    const mode = concurrent ? 'ShareUpdateExclusive' : 'AccessExclusive'
    return joined([
      locking(mode, ...(tables.length > 0 ? tables : wanted)),
      { concurrently: concurrent === true, alone: concurrent === true },
    ])
  }
  const further = cascades ? [unknown('what depends on it goes too')] : []
  if (removeType === 'OBJECT_TABLE' || removeType === 'OBJECT_FOREIGN_TABLE') {
    const gone = [...new Set(wanted.flatMap((table) => withChildren(table, around)))]
    const parents = around.children.filter(({ table }) => wanted.includes(table)).map(({ of }) => of)
    const siblings = around.children.filter(({ of, rest }) => parents.includes(of) && rest).map(({ table }) => table)
    const linked = around.references.flatMap(({ table, to }) =>
      gone.includes(table) ? [to] : cascades && gone.includes(to) ? [table] : [],
    )
    const views = cascades ? viewsOf(gone, around) : []
    return joined([locking('AccessExclusive', ...gone, ...parents, ...siblings, ...linked, ...views), { destroys: true }])
  }
  if (removeType === 'OBJECT_VIEW' || removeType === 'OBJECT_MATVIEW')
    return joined([
      locking('AccessExclusive', ...wanted, ...(cascades ? viewsOf(wanted, around) : [])),
      { destroys: removeType === 'OBJECT_MATVIEW' || cascades },
    ])
  const own = removeType === 'OBJECT_SEQUENCE' ? [locking('AccessExclusive', ...wanted)] : []
  return joined([{ destroys: holding.has(removeType) || cascades }, ...own, ...further])
}
