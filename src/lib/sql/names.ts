import type { Node } from 'libpg-query'

import { type Surroundings, withChildren } from './surroundings.ts'

interface Relation {
  /** Without ONLY. */
  readonly inh?: boolean
  readonly schemaname?: string
  readonly relname?: string
}

const named = (schema: string | undefined, name: string): string =>
  schema === undefined || schema === 'public' ? name : `${schema}.${name}`

/** As an effect names it: without quotes, and without `public.`. */
export const tableName = ({ schemaname, relname = '' }: Relation = {}): string => named(schemaname, relname)

/** A table and what descends from it, but for ONLY. */
export const family = (relation: Relation | undefined, around: Surroundings): readonly string[] =>
  relation?.inh === true ? withChildren(tableName(relation), around) : [tableName(relation)]

/** The same of a list of tables. */
export const families = (nodes: readonly Node[] | undefined, around: Surroundings): readonly string[] =>
  (nodes ?? []).flatMap((node) => ('RangeVar' in node ? family(node.RangeVar, around) : []))

/** The tables of a list of them. */
export const tableNames = (nodes: readonly Node[] = []): readonly string[] =>
  nodes.flatMap((node) => ('RangeVar' in node ? [tableName(node.RangeVar)] : []))

export const text = (node: Node | undefined): string => (node && 'String' in node ? (node.String.sval ?? '') : '')

/** The parts of a dotted name. */
export const parts = (node: Node): readonly string[] =>
  'List' in node ? (node.List.items ?? []).map(text) : 'TypeName' in node ? (node.TypeName.names ?? []).map(text) : [text(node)]

/** A name of one, two or three parts. */
export const dotted = (words: readonly string[]): string => named(words.at(-2), words.at(-1) ?? '')

/** What an option of a list says: true without a value. */
export const isOn = (options: readonly Node[] | undefined, name: string): boolean => {
  for (const node of options ?? []) {
    if (!('DefElem' in node) || node.DefElem.defname !== name) continue
    const { arg } = node.DefElem
    if (arg === undefined) return true
    if ('Integer' in arg) return (arg.Integer.ival ?? 0) !== 0
    if ('Boolean' in arg) return arg.Boolean.boolval === true
    return !/^(off|false|0|no|n|f)$/i.test(text(arg))
  }
  return false
}
