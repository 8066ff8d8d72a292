import { type Effect, joined, locking, unknown } from './effect.ts'
import type { Node } from './grammar.ts'
import { family, isOn, tableName, tableNames } from './names.ts'
import { type Surroundings, withChildren } from './surroundings.ts'

/** Statements about indexes and storage, those that stand alone, and those that hide what they do; undefined for others. */
export const effectOfMaintenance = (node: Node, around: Surroundings): Effect | undefined => {
  if ('IndexStmt' in node) {
    const { relation, concurrent = false } = node.IndexStmt
    const tables = family(relation, around)
    return joined([
      locking(concurrent ? 'ShareUpdateExclusive' : 'Share', ...tables),
      { scans: true, concurrently: concurrent, alone: concurrent },
    ])
  }
  if ('ReindexStmt' in node) return effectOfReindex(node, around)
  if ('VacuumStmt' in node) {
    const { options, rels = [], is_vacuumcmd: vacuum = false } = node.VacuumStmt
    const full = vacuum && isOn(options, 'full')
    const tables = rels.flatMap((one) => ('VacuumRelation' in one ? family(one.VacuumRelation.relation, around) : []))
    const all = tables.length === 0 ? [unknown('it takes every table of the database')] : []
    return joined([
      locking(full ? 'AccessExclusive' : 'ShareUpdateExclusive', ...tables),
      { rewrites: full, scans: true, alone: vacuum },
      ...all,
    ])
  }
  if ('ClusterStmt' in node) {
    const { relation } = node.ClusterStmt
    const all = relation ? [] : [unknown('it takes every table that was ever clustered')]
    return joined([
      locking('AccessExclusive', ...(relation ? family(relation, around) : [])),
      { rewrites: true, scans: true, alone: !relation },
      ...all,
    ])
  }
  if ('RefreshMatViewStmt' in node) {
    const { relation, concurrent = false } = node.RefreshMatViewStmt
    return joined([
      locking(concurrent ? 'Exclusive' : 'AccessExclusive', tableName(relation)),
      { rewrites: !concurrent, scans: true, concurrently: concurrent },
    ])
  }
  if ('CreatePublicationStmt' in node)
    return joined([locking('ShareUpdateExclusive', ...publishedTables(node.CreatePublicationStmt.pubobjects))])
  if ('AlterPublicationStmt' in node)
    return joined([locking('ShareUpdateExclusive', ...publishedTables(node.AlterPublicationStmt.pubobjects))])
  for (const [kind, effect] of Object.entries(others)) if (kind in node) return joined([effect])
  return undefined
}

const effectOfReindex = (
  { ReindexStmt: { kind, relation, params } }: Extract<Node, { ReindexStmt: object }>,
  around: Surroundings,
): Effect => {
  const concurrently = isOn(params, 'concurrently')
  const name = tableName(relation)
  const table = kind === 'REINDEX_OBJECT_INDEX' ? (around.indexes.find(({ index }) => index === name)?.table ?? name) : name
  const wide = kind !== 'REINDEX_OBJECT_INDEX' && kind !== 'REINDEX_OBJECT_TABLE'
  // Planning opens every index of a table: what reads it waits for the one that is being built anew.
  const indexes = around.indexes.filter((one) => one.table === table && (kind !== 'REINDEX_OBJECT_INDEX' || one.index === name))
  return joined([
    locking(concurrently ? 'ShareUpdateExclusive' : 'Share', ...(wide ? [] : withChildren(table, around))),
    ...(concurrently ? [] : [locking('AccessExclusive', ...indexes.map(({ index }) => index))]),
    { scans: true, concurrently, alone: concurrently || wide },
    ...(wide ? [unknown('it takes every table there')] : []),
  ])
}

const publishedTables = (nodes: readonly Node[] = []): readonly string[] =>
  nodes.flatMap((node) => {
    const table = 'PublicationObjSpec' in node ? node.PublicationObjSpec.pubtable : undefined
    return table?.relation ? tableNames([{ RangeVar: table.relation }]) : []
  })

const others: Readonly<Record<string, Partial<Effect>>> = {
  DoStmt: unknown('what its block does is not known'),
  CallStmt: unknown('what the procedure does is not known'),
  ExecuteStmt: unknown('what was prepared is not known'),
  TransactionStmt: unknown('it ends, or begins, the transaction that goose runs the file in'),
  DropOwnedStmt: { destroys: true, ...unknown('everything that the role owns goes') },
  ReassignOwnedStmt: unknown('it takes everything that the role owns'),
  DropRoleStmt: {},
  CreatedbStmt: { alone: true },
  AlterDatabaseStmt: {},
  DropdbStmt: { destroys: true, alone: true, ...unknown('a whole database goes') },
  AlterSystemStmt: { alone: true },
  CreateTableSpaceStmt: { alone: true },
  DropTableSpaceStmt: { alone: true },
  CreateSubscriptionStmt: { alone: true },
  DropSubscriptionStmt: { alone: true },
  DiscardStmt: { alone: true },
  AlterTypeStmt: unknown('whether tables use the type is not known'),
}
