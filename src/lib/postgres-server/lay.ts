import type { Client } from 'pg'

/** One statement that lays something, and of what kind that is. */
export interface Laying {
  readonly kind: string
  readonly sql: string
}

/** Partitions come before what their parents give them. */
const first = ['schema', 'extension', 'type', 'sequence', 'table', 'function']
/** Rights and then owners come when everything is there: what belongs to somebody else cannot be changed any more. */
const last = ['right', 'owner']
/** A new owner needs to be able to make such a thing where it stands. */
const everySchema = (what: string) => `DO $$DECLARE s text; BEGIN
  FOR s IN SELECT nspname FROM pg_catalog.pg_namespace WHERE pg_catalog.pg_has_role(nspowner, 'USAGE') LOOP EXECUTE pg_catalog.format('${what}', s); END LOOP; END$$`

/**
 * Lays what can be laid, and again, until nothing more can: views on later views, defaults that call functions that read tables, all come in the
 * end. Returns why the rest could not; an extension that is not here is no trouble by itself.
 */
export const lay = async (client: Client, all: readonly Laying[]): Promise<readonly string[]> => {
  await client.query("BEGIN; SET LOCAL check_function_bodies = off; SET LOCAL search_path = ''")
  const of = (...kinds: readonly string[]) => all.filter(({ kind }) => kinds.includes(kind))
  const open = await untilNoMore(client, of(...first))
  const left = await untilNoMore(client, [...open, ...all.filter(({ kind }) => !first.includes(kind) && !last.includes(kind))])
  const rights = await untilNoMore(client, of('right'))
  await client.query(everySchema('GRANT CREATE ON SCHEMA %I TO PUBLIC'))
  const owners = await untilNoMore(client, of('owner'))
  await client.query(everySchema('REVOKE CREATE ON SCHEMA %I FROM PUBLIC'))
  await untilNoMore(
    client,
    of('right').filter(({ sql }) => / ON SCHEMA .* TO PUBLIC/.test(sql)),
  )
  await client.query('COMMIT')
  return [...left, ...rights, ...owners]
    .filter(({ kind }) => kind !== 'extension')
    .map(({ sql, because }) => `${because}: ${sql.replace(/\s+/g, ' ').slice(0, 120)}`)
}

const untilNoMore = async (client: Client, all: readonly Laying[]): Promise<readonly (Laying & { readonly because: string })[]> => {
  let open: readonly Laying[] = all
  for (;;) {
    const failed: (Laying & { readonly because: string })[] = []
    for (const one of open) {
      try {
        await client.query(`SAVEPOINT one; ${one.sql}; RELEASE one`)
      } catch (error) {
        await client.query('ROLLBACK TO one')
        failed.push({ ...one, because: error instanceof Error ? error.message : String(error) })
      }
    }
    if (failed.length === 0 || failed.length === open.length) return failed
    open = failed
  }
}
