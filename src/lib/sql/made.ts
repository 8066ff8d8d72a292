import type { Node } from './grammar.ts'
import { tableName } from './names.ts'

/** The tables, views and sequences that a statement makes. */
export const madeBy = (node: Node): readonly string[] => {
  if ('CreateStmt' in node) return [tableName(node.CreateStmt.relation)]
  if ('CreateTableAsStmt' in node) return [tableName(node.CreateTableAsStmt.into?.rel)]
  if ('SelectStmt' in node && node.SelectStmt.intoClause) return [tableName(node.SelectStmt.intoClause.rel)]
  if ('ViewStmt' in node) return node.ViewStmt.replace ? [] : [tableName(node.ViewStmt.view)]
  if ('CreateSeqStmt' in node) return [tableName(node.CreateSeqStmt.sequence)]
  if ('CreateSchemaStmt' in node) return (node.CreateSchemaStmt.schemaElts ?? []).flatMap(madeBy)
  return []
}
