import type { ColumnDef, Constraint } from 'libpg-query'
import { type Effect, joined, locking } from './effect.ts'
import { isVolatile } from './expressions.ts'
import type { Node } from './grammar.ts'
import { dotted, tableName, text } from './names.ts'
import type { Surroundings } from './surroundings.ts'

/** The constraints that stand in a list of nodes. */
export const constraintsIn = (nodes: readonly Node[] = []): readonly Constraint[] =>
  nodes.flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))

/** The tables that foreign keys in a definition refer to: each is locked against writes. */
export const referenced = (nodes: readonly Node[] = []): readonly string[] =>
  nodes.flatMap((node) => {
    if ('ColumnDef' in node) return referenced(node.ColumnDef.constraints)
    return 'Constraint' in node && node.Constraint.contype === 'CONSTR_FOREIGN' ? [tableName(node.Constraint.pktable)] : []
  })

const typeName = ({ typeName: type }: ColumnDef): string => dotted((type?.names ?? []).map(text).filter((part) => part !== 'pg_catalog'))

/** A column that comes to a table with rows. */
export const effectOfNewColumn = (column: ColumnDef, around: Surroundings): Effect => {
  const constraints = constraintsIn(column.constraints)
  const has = (...kinds: readonly string[]) => constraints.some(({ contype = '' }) => kinds.includes(contype))
  const rewrites =
    /^(small|big)?serial[248]?$/.test(typeName(column)) ||
    has('CONSTR_IDENTITY') ||
    constraints.some(({ contype, generated_kind }) => contype === 'CONSTR_GENERATED' && generated_kind !== 'v') ||
    constraints.some(({ contype, raw_expr }) => contype === 'CONSTR_DEFAULT' && isVolatile(raw_expr, around)) ||
    around.domains.includes(typeName(column))
  // A default that is the same for every row proves NOT NULL too.
  const unproven = has('CONSTR_NOTNULL') && !has('CONSTR_DEFAULT')
  // Without a default every row refers to nothing.
  const refers = has('CONSTR_FOREIGN') && has('CONSTR_DEFAULT')
  const scans = rewrites || unproven || refers || has('CONSTR_CHECK', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY')
  return joined([{ rewrites, scans }, locking('ShareRowExclusive', ...referenced(column.constraints))])
}

/** Whether a column's new type has the same bytes for every value, so that nothing is written anew. Where it is not known, it has not. */
export const keepsBytes = (column: ColumnDef, was: string | undefined): boolean => {
  if (was === undefined || column.raw_default !== undefined || column.collClause !== undefined) return false
  const numbers = (column.typeName?.typmods ?? []).map((node) => ('A_Const' in node ? (node.A_Const.ival?.ival ?? 0) : Number.NaN))
  const now = typeName(column)
  const before = /^([a-z ]+?)(?:\((\d+)(?:,(-?\d+))?\))?$/.exec(was)
  if (!before) return false
  const [, old = '', length, scale] = before
  const wide = (text: string | undefined) => (text === undefined ? Number.POSITIVE_INFINITY : Number(text))
  if (old === 'character varying' && (now === 'text' || now === 'varchar'))
    return now === 'text' || (numbers[0] ?? Number.POSITIVE_INFINITY) >= wide(length)
  if (old === 'text') return now === 'text' || (now === 'varchar' && numbers.length === 0)
  if (old === 'numeric' && now === 'numeric') {
    if (numbers.length === 0) return true
    return length !== undefined && (numbers[0] ?? 0) >= Number(length) && (numbers[1] ?? 0) === Number(scale ?? 0)
  }
  if (old === 'bit varying' && now === 'varbit') return (numbers[0] ?? Number.POSITIVE_INFINITY) >= wide(length)
  return false
}
