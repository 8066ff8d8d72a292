import { type Column, createdAt, name } from './columns/column.ts'
import { nodes } from './columns/nodes.ts'
import { others } from './columns/others.ts'
import { pods } from './columns/pods.ts'
import { workloads } from './columns/workloads.ts'

const columns: Readonly<Record<string, readonly Column[]>> = { ...pods, ...nodes, ...workloads, ...others }

/** The columns of a kind's table; a kind without any of its own shows its name and when it was created. */
export const columnsOf = (kind: string): readonly Column[] => columns[kind] ?? [name, createdAt]
