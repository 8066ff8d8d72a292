import { effectOfAlterTable } from './alter-table.ts'
import { referenced } from './columns.ts'
import { effectOfDrop } from './drop.ts'
import { type Effect, joined, type LockMode, locking, unknown } from './effect.ts'
import { effectOfCalls, walk } from './expressions.ts'
import type { Node } from './grammar.ts'
import { effectOfMaintenance } from './maintenance.ts'
import { dotted, families, family, parts, tableName, tableNames, text } from './names.ts'
import { type Surroundings, underViews, withReferring, withRemoved } from './surroundings.ts'

/** What one statement does to others, by PostgreSQL's documentation of each command; held to a real server by the tests. */
export const effectOfNode = (node: Node, around: Surroundings): Effect => {
  const queries = effectOfQueries(node, around)
  if ('SelectStmt' in node || 'CreateTableAsStmt' in node || 'DeclareCursorStmt' in node)
    return joined([queries, effectOfCalls(node, around)])
  const maintenance = effectOfMaintenance(node, around)
  if (maintenance) return maintenance
  if ('AlterTableStmt' in node) return effectOfAlterTable(node.AlterTableStmt, around)
  if ('DropStmt' in node) return effectOfDrop(node.DropStmt, around)
  if ('InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node)
    return joined([queries, effectOfCalls(node, around)])
  if ('ExplainStmt' in node && node.ExplainStmt.query) return effectOfNode(node.ExplainStmt.query, around)
  if ('CreateSchemaStmt' in node) return joined((node.CreateSchemaStmt.schemaElts ?? []).map((one) => effectOfNode(one, around)))
  return (
    effectOfDefinition(node, around) ??
    (harmless.has(kindOf(node)) ? joined([]) : joined([unknown(`no rule is known for ${kindOf(node)}`)]))
  )
}

const kindOf = (node: Node): string => Object.keys(node)[0] ?? ''

/** Rows that a statement writes, also such as stand in its WITH. */
const effectOfQueries = (node: Node, around: Surroundings): Effect => {
  const found: Partial<Effect>[] = []
  const fires = (table: string) => (around.triggers.includes(table) ? unknown(`what the triggers of ${table} do is not known`) : {})
  walk(node, (kind, body) => {
    const one = { [kind]: body } as Node
    if ('InsertStmt' in one) {
      const table = tableName(one.InsertStmt.relation)
      found.push(locking('RowExclusive', table), fires(table), {
        destroys: one.InsertStmt.onConflictClause?.action === 'ONCONFLICT_UPDATE',
      })
    } else if ('UpdateStmt' in one) {
      const table = tableName(one.UpdateStmt.relation)
      found.push(locking('RowExclusive', ...family(one.UpdateStmt.relation, around)), fires(table), { destroys: true })
    } else if ('DeleteStmt' in one) {
      const table = tableName(one.DeleteStmt.relation)
      found.push(locking('RowExclusive', ...family(one.DeleteStmt.relation, around), ...withRemoved(table, around)), fires(table), {
        destroys: true,
      })
    } else if ('MergeStmt' in one) {
      const table = tableName(one.MergeStmt.relation)
      const { mergeWhenClauses = [] } = one.MergeStmt
      const takes = mergeWhenClauses.some(
        (when) => 'MergeWhenClause' in when && /UPDATE|DELETE/.test(when.MergeWhenClause.commandType ?? ''),
      )
      found.push(
        locking('RowExclusive', ...family(one.MergeStmt.relation, around), ...(takes ? withRemoved(table, around) : [])),
        fires(table),
        { destroys: takes },
      )
    }
  })
  return joined(found)
}

/** What comes or changes beside the rows of tables. */
const effectOfDefinition = (node: Node, around: Surroundings): Effect | undefined => {
  const exclusive = (...tables: readonly string[]) => joined([locking('AccessExclusive', ...tables)])
  if ('CreateStmt' in node) {
    const { tableElts, inhRelations, partbound } = node.CreateStmt
    const siblings = partbound
      ? tableNames(inhRelations).flatMap((of) => around.children.filter((one) => one.of === of && one.rest).map(({ table }) => table))
      : []
    return joined([
      locking('ShareRowExclusive', ...referenced(tableElts)),
      locking(partbound ? 'AccessExclusive' : 'ShareUpdateExclusive', ...tableNames(inhRelations), ...siblings),
      { scans: siblings.length > 0 },
    ])
  }
  if ('TruncateStmt' in node) {
    const named = families(node.TruncateStmt.relations, around)
    const all = node.TruncateStmt.behavior === 'DROP_CASCADE' ? withReferring(named, around) : named
    return joined([locking('AccessExclusive', ...all), { destroys: true }])
  }
  if ('LockStmt' in node) {
    const mode = modes[node.LockStmt.mode ?? 8] ?? 'AccessExclusive'
    return joined([locking(mode, ...underViews(families(node.LockStmt.relations, around), around))])
  }
  if ('CopyStmt' in node) {
    const { is_from, relation, query, filename } = node.CopyStmt
    if (filename !== undefined)
      return joined([
        locking(is_from ? 'RowExclusive' : 'none', tableName(relation)),
        unknown('it reaches a file or a program of the server'),
      ])
    if (query) return effectOfNode(query, around)
    const table = tableName(relation)
    const fires = around.triggers.includes(table) ? [unknown(`what the triggers of ${table} do is not known`)] : []
    return is_from ? joined([locking('RowExclusive', table), ...fires]) : joined([])
  }
  if ('RenameStmt' in node) {
    const { relation, renameType, relationType } = node.RenameStmt
    if (!relation) return joined([])
    const table = tableName(relation)
    if (renameType === 'OBJECT_INDEX') return joined([locking('ShareUpdateExclusive', table)])
    const children = renameType === 'OBJECT_COLUMN' && relationType === 'OBJECT_TABLE' ? family(relation, around) : [table]
    return exclusive(...children)
  }
  if ('AlterObjectSchemaStmt' in node)
    return node.AlterObjectSchemaStmt.relation ? exclusive(tableName(node.AlterObjectSchemaStmt.relation)) : joined([])
  if ('ViewStmt' in node) return node.ViewStmt.replace ? exclusive(tableName(node.ViewStmt.view)) : joined([])
  if ('RuleStmt' in node) return exclusive(tableName(node.RuleStmt.relation))
  if ('CreatePolicyStmt' in node) return exclusive(tableName(node.CreatePolicyStmt.table))
  if ('AlterPolicyStmt' in node) return exclusive(tableName(node.AlterPolicyStmt.table))
  if ('CreateTrigStmt' in node) {
    return joined([locking('ShareRowExclusive', ...family(node.CreateTrigStmt.relation, around))])
  }
  if ('CreateStatsStmt' in node) return joined([locking('ShareUpdateExclusive', ...tableNames(node.CreateStatsStmt.relations))])
  if ('AlterSeqStmt' in node) return joined([locking('ShareRowExclusive', tableName(node.AlterSeqStmt.sequence))])
  if ('AlterDomainStmt' in node) {
    const domain = dotted((node.AlterDomainStmt.typeName ?? []).map(text))
    const tables = around.columns.filter(({ type }) => type === domain || type === `public.${domain}`).map(({ table }) => table)
    const proves = /^[CO]$/.test(node.AlterDomainStmt.subtype ?? '')
    return joined(proves ? [locking('Share', ...tables), { scans: true }] : [])
  }
  if ('CommentStmt' in node) {
    const { objtype = '', object } = node.CommentStmt
    const named = object ? parts(object) : []
    const table = /TABLE$|VIEW$|INDEX$|SEQUENCE$/.test(objtype)
      ? dotted(named)
      : /COLUMN|CONSTRAINT|TRIGGER|RULE|POLICY/.test(objtype)
        ? dotted(named.slice(0, -1))
        : ''
    return joined([locking('ShareUpdateExclusive', table)])
  }
  return undefined
}

/** By the numbers that the grammar gives them; the first three block nobody. */
const modes: Readonly<Record<number, LockMode>> = {
  1: 'none',
  2: 'none',
  3: 'RowExclusive',
  4: 'ShareUpdateExclusive',
  5: 'Share',
  6: 'ShareRowExclusive',
  7: 'Exclusive',
  8: 'AccessExclusive',
}

/** Kinds of statements that touch no table that is there: they make something beside, or change a right, a role, a setting. */
const harmless = new Set([
  'AlterDefaultPrivilegesStmt',
  'AlterEnumStmt',
  'AlterExtensionStmt',
  'AlterFunctionStmt',
  'AlterOperatorStmt',
  'AlterOwnerStmt',
  'AlterRoleSetStmt',
  'AlterRoleStmt',
  'AlterStatsStmt',
  'AlterDatabaseSetStmt',
  'AlterTSConfigurationStmt',
  'AlterTSDictionaryStmt',
  'CheckPointStmt',
  'ClosePortalStmt',
  'CompositeTypeStmt',
  'CreateAmStmt',
  'CreateCastStmt',
  'CreateConversionStmt',
  'CreateDomainStmt',
  'CreateEnumStmt',
  'CreateExtensionStmt',
  'CreateFdwStmt',
  'CreateForeignServerStmt',
  'CreateForeignTableStmt',
  'CreateFunctionStmt',
  'CreateOpClassStmt',
  'CreateOpFamilyStmt',
  'CreatePLangStmt',
  'CreateRangeStmt',
  'CreateRoleStmt',
  'CreateSeqStmt',
  'CreateTransformStmt',
  'CreateUserMappingStmt',
  'DeallocateStmt',
  'DefineStmt',
  'FetchStmt',
  'GrantRoleStmt',
  'GrantStmt',
  'ListenStmt',
  'NotifyStmt',
  'PrepareStmt',
  'SecLabelStmt',
  'UnlistenStmt',
  'VariableSetStmt',
  'VariableShowStmt',
])
