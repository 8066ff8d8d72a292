import type { SchemaObject } from '../../systems/postgres/types.ts'

/** An object that two schemas do not have alike. */
export interface SchemaDifference {
  readonly what: string
  /** Its definition here and there; undefined where it is not. */
  readonly here: string | undefined
  readonly there: string | undefined
}

/** What two schemas differ in; the order of columns is no difference. */
export const differencesOf = (here: readonly SchemaObject[], there: readonly SchemaObject[]): readonly SchemaDifference[] => {
  const [ours, theirs] = [byName(here), byName(there)]
  return [...new Set([...ours.keys(), ...theirs.keys()])].sort().flatMap((what) => {
    const one = { what, here: ours.get(what), there: theirs.get(what) }
    return one.here === one.there ? [] : [one]
  })
}

const byName = (schema: readonly SchemaObject[]): ReadonlyMap<string, string> =>
  new Map(
    schema.map(({ kind, name, table, definition }) => [
      `${kind} ${name}${table !== null && kind !== 'column' && kind !== 'table' ? ` of ${table}` : ''}`,
      definition.replace(/\s+/g, ' ').trim(),
    ]),
  )

/** "column tasks.notes: text here, nothing there" */
export const differenceText = ({ what, here, there }: SchemaDifference, places: readonly [string, string]): string =>
  here === undefined
    ? `${what} is missing in ${places[0]}`
    : there === undefined
      ? `${what} is in ${places[0]} alone`
      : `${what} is "${here}" in ${places[0]}, "${there}" in ${places[1]}`

/** How much of what a file makes is there: `unclear` where it changes no object. */
export type BuiltSoFar = 'none' | 'part' | 'all' | 'unclear'

/** Compares the objects that a file changes with the live ones. `before`, `after`: what the files build without it, and with it. */
export const builtSoFar = (
  live: readonly SchemaObject[],
  before: readonly SchemaObject[],
  after: readonly SchemaObject[],
): { readonly built: BuiltSoFar; readonly there: readonly string[]; readonly missing: readonly string[] } => {
  const now = byName(live)
  const changes = differencesOf(before, after)
  const there = changes.filter(({ what, there: wanted }) => now.get(what) === wanted).map(({ what }) => what)
  const missing = changes.filter(({ what, here: old }) => now.get(what) === old).map(({ what }) => what)
  const built =
    changes.length === 0 ? 'unclear' : there.length === changes.length ? 'all' : missing.length === changes.length ? 'none' : 'part'
  return { built, there, missing: changes.map(({ what }) => what).filter((what) => !there.includes(what)) }
}
