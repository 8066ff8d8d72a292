import type { AlterTableCmd } from 'libpg-query'
import type { Node } from './grammar.ts'
import { tableName } from './names.ts'

/** Why code from before a statement may fail after it, and on which table. */
export interface TakesAway {
  readonly table: string | undefined
  readonly because: string
}

/** Kinds that add what older code does not look at. */
const adds = new Set([
  'CreateSchemaStmt',
  'CreateSeqStmt',
  'CreateEnumStmt',
  'CompositeTypeStmt',
  'CreateDomainStmt',
  'CreateExtensionStmt',
  'CreateStatsStmt',
  'CommentStmt',
  'GrantStmt',
  'VariableSetStmt',
  'TransactionStmt',
  'VacuumStmt',
  'ReindexStmt',
  'InsertStmt',
])

/** Commands of ALTER TABLE after which older statements go on as before. */
const gentle = new Set([
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_SetRelOptions',
  'AT_ResetRelOptions',
  'AT_SetStorage',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_ValidateConstraint',
  'AT_DropNotNull',
  'AT_DropConstraint',
])

/** Whether code that does not know a statement may fail on the schema that it left; undefined where it only added. Told of what is not known to be harmless, too. */
export const takesAway = (node: Node): TakesAway | undefined => {
  if ('CreateStmt' in node || 'CreateTableAsStmt' in node) return undefined
  if ('SelectStmt' in node) return node.SelectStmt.fromClause || node.SelectStmt.targetList ? unknown(node) : undefined
  if ('ViewStmt' in node) return node.ViewStmt.replace ? of(tableName(node.ViewStmt.view), 'it replaces a view') : undefined
  if ('IndexStmt' in node)
    return node.IndexStmt.unique ? of(tableName(node.IndexStmt.relation), 'older code may write what the unique index refuses') : undefined
  if ('AlterTableStmt' in node) {
    const { relation, cmds = [] } = node.AlterTableStmt
    const [first] = cmds.flatMap((one) => ('AlterTableCmd' in one ? (byCommand(one.AlterTableCmd) ?? []) : []))
    return first === undefined ? undefined : of(tableName(relation), first)
  }
  if ('DropStmt' in node)
    return node.DropStmt.removeType === 'OBJECT_INDEX' ? undefined : { table: undefined, because: 'it drops what older code may use' }
  if ('RenameStmt' in node)
    return of(node.RenameStmt.relation && tableName(node.RenameStmt.relation), 'it renames what older code calls by the old name')
  if ('UpdateStmt' in node) return of(tableName(node.UpdateStmt.relation), 'it overwrote rows')
  if ('DeleteStmt' in node) return of(tableName(node.DeleteStmt.relation), 'it deleted rows')
  if ('AlterEnumStmt' in node) return { table: undefined, because: 'older code may read a value that it does not know' }
  return adds.has(Object.keys(node)[0] ?? '') ? undefined : unknown(node)
}

const of = (table: string | undefined, because: string): TakesAway => ({ table, because })
const unknown = (node: Node): TakesAway => ({
  table: undefined,
  because: `what ${Object.keys(node)[0] ?? 'it'} means for older code is not known`,
})

const byCommand = ({ subtype = 'AT_AddColumn', def, name }: AlterTableCmd): string | undefined => {
  if (gentle.has(subtype)) return undefined
  if (subtype === 'AT_AddColumn') {
    const { constraints = [], colname } = def && 'ColumnDef' in def ? def.ColumnDef : {}
    const kinds = constraints.flatMap((one) => ('Constraint' in one ? (one.Constraint.contype ?? []) : []))
    const given = kinds.some((kind) => kind === 'CONSTR_DEFAULT' || kind === 'CONSTR_IDENTITY' || kind === 'CONSTR_GENERATED')
    return kinds.some((kind) => kind === 'CONSTR_NOTNULL' || kind === 'CONSTR_PRIMARY') && !given
      ? `older code inserts without a value for ${colname ?? 'the column'}, which is not null`
      : undefined
  }
  if (subtype === 'AT_DropColumn') return `it drops the column ${name ?? ''}`
  if (subtype === 'AT_AlterColumnType') return `it changes the type of ${name ?? 'a column'}`
  if (subtype === 'AT_SetNotNull') return `older code may write null into ${name ?? 'a column'}`
  if (subtype === 'AT_ColumnDefault') return def === undefined ? `it takes the default of ${name ?? 'a column'} away` : undefined
  if (subtype === 'AT_AddConstraint') return 'older code may write what the constraint refuses'
  return `what ${subtype.replace(/^AT_/, '')} means for older code is not known`
}
