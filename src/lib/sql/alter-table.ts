import type { AlterTableCmd, AlterTableStmt } from 'libpg-query'
import { constraintsIn, effectOfNewColumn, keepsBytes } from './columns.ts'
import { type Effect, joined, type LockMode, locking, unknown } from './effect.ts'
import { family, tableName } from './names.ts'
import { type Surroundings, viewsOf } from './surroundings.ts'

/** Commands that block neither reads nor writes (AlterTableGetLockLevel). */
const gentle = new Set([
  'AT_SetStatistics',
  'AT_SetOptions',
  'AT_ResetOptions',
  'AT_ClusterOn',
  'AT_DropCluster',
  'AT_ValidateConstraint',
  'AT_DetachPartitionFinalize',
])

const triggering = /^AT_(Enable|Disable)(Trig|AlwaysTrig|ReplicaTrig|TrigAll|TrigUser)$/

/** Storage parameters that only later writes and VACUUM read. */
const gentleOption =
  /^(fillfactor|autovacuum_\w+|toast_tuple_target|parallel_workers|log_autovacuum_min_duration|vacuum_\w+|n_distinct(_inherited)?)$/

/** ALTER TABLE, and the same for an index, a view, a sequence. */
export const effectOfAlterTable = ({ relation, cmds = [], objtype }: AlterTableStmt, around: Surroundings): Effect => {
  const table = tableName(relation)
  const all = family(relation, around)
  return joined(
    cmds.flatMap((node) => {
      if (!('AlterTableCmd' in node)) return []
      const command = node.AlterTableCmd
      if (objtype === 'OBJECT_TYPE') return [unknown('whether tables use the type is not known')]
      if (objtype === 'OBJECT_INDEX') return [locking(lockOf(command), table)]
      return [locking(lockOf(command), ...all), effectOfCommand(command, table, around)]
    }),
  )
}

const lockOf = ({ subtype = 'AT_AddColumn', def }: AlterTableCmd): LockMode => {
  if (gentle.has(subtype)) return 'ShareUpdateExclusive'
  if (triggering.test(subtype)) return 'ShareRowExclusive'
  switch (subtype) {
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions': {
      const options = def && 'List' in def ? (def.List.items ?? []) : []
      const soft = options.every((one) => 'DefElem' in one && gentleOption.test(one.DefElem.defname ?? ''))
      return soft ? 'ShareUpdateExclusive' : 'AccessExclusive'
    }
    case 'AT_AddConstraint':
      return def && 'Constraint' in def && def.Constraint.contype === 'CONSTR_FOREIGN' ? 'ShareRowExclusive' : 'AccessExclusive'
    case 'AT_AttachPartition':
      return 'ShareUpdateExclusive'
    case 'AT_DetachPartition':
      return def && 'PartitionCmd' in def && def.PartitionCmd.concurrent ? 'ShareUpdateExclusive' : 'AccessExclusive'
    default:
      return 'AccessExclusive'
  }
}

const effectOfCommand = (command: AlterTableCmd, table: string, around: Surroundings): Partial<Effect> => {
  const { subtype, name, def } = command
  const cascades = command.behavior === 'DROP_CASCADE'
  switch (subtype) {
    case 'AT_AddColumn':
      return def && 'ColumnDef' in def ? effectOfNewColumn(def.ColumnDef, around) : {}
    case 'AT_DropColumn':
      return joined([
        { destroys: true },
        constraintsGone(table, around, { column: name ?? '' }),
        locking('AccessExclusive', ...(cascades ? viewsOf([table], around) : [])),
      ])
    case 'AT_AlterColumnType': {
      const was = around.columns.find((one) => one.table === table && one.column === name)?.type
      const rewrites = !(def && 'ColumnDef' in def && keepsBytes(def.ColumnDef, was))
      // Foreign keys of the column are made anew.
      return joined([{ rewrites, scans: rewrites }, constraintsGone(table, around, { column: name ?? '' })])
    }
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
    case 'AT_SetAccessMethod':
    case 'AT_SetTableSpace':
    case 'AT_SetExpression':
      return { rewrites: true, scans: true }
    case 'AT_SetNotNull':
    case 'AT_ValidateConstraint':
    case 'AT_AddIdentity':
      return { scans: subtype !== 'AT_AddIdentity' }
    case 'AT_AddConstraint':
      return constraintsIn(def ? [def] : []).map(effectOfConstraint)[0] ?? {}
    case 'AT_DropConstraint':
      return constraintsGone(table, around, { name: name ?? '', cascades })
    case 'AT_AttachPartition':
    case 'AT_DetachPartition':
      return effectOfPartition(command, table, around)
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return def && 'RangeVar' in def ? locking('ShareUpdateExclusive', tableName(def.RangeVar)) : {}
    default:
      return {}
  }
}

type ConstraintShape = ReturnType<typeof constraintsIn>[number]

const effectOfConstraint = ({ contype, skip_validation: unproven, indexname, pktable }: ConstraintShape): Partial<Effect> => {
  if (contype === 'CONSTR_FOREIGN') return joined([locking('ShareRowExclusive', tableName(pktable)), { scans: unproven !== true }])
  if (indexname !== undefined) return { scans: contype === 'CONSTR_PRIMARY' }
  return { scans: unproven !== true }
}

/** The tables on the other side of foreign keys that go with a column or by their name: their triggers go too. */
const constraintsGone = (
  table: string,
  { references }: Surroundings,
  what: { readonly column: string } | { readonly name: string; readonly cascades: boolean },
): Effect =>
  joined(
    references.flatMap((one) => {
      const here = 'column' in what ? one.columns.includes(what.column) : one.name === what.name
      const there = 'column' in what ? one.toColumns.includes(what.column) : what.cascades
      if (one.table === table && here) return [locking('AccessExclusive', one.to)]
      return one.to === table && there ? [locking('AccessExclusive', one.table)] : []
    }),
  )

const effectOfPartition = ({ subtype, def }: AlterTableCmd, table: string, around: Surroundings): Effect => {
  const child = def && 'PartitionCmd' in def ? tableName(def.PartitionCmd.name) : ''
  const concurrently = def !== undefined && 'PartitionCmd' in def && def.PartitionCmd.concurrent === true
  const siblings = around.children.filter(({ of, rest }) => of === table && rest).map((one) => one.table)
  if (subtype === 'AT_AttachPartition') {
    // The default partition, whichever it is, is read for rows that belong into the new one.
    return joined([locking('AccessExclusive', child, ...siblings), { scans: true }])
  }
  return joined([locking(concurrently ? 'ShareUpdateExclusive' : 'AccessExclusive', child), { concurrently, alone: concurrently }])
}
