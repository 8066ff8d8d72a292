import type { Client } from 'pg'
import type { Effect, LockMode } from '../../src/lib/sql/effect.ts'
import { lockModes } from '../../src/lib/sql/effect.ts'

/** What a real server did for one statement, in a transaction that was rolled back. */
export interface Measured {
  /** By table, view or index that was there before. */
  readonly locks: Readonly<Record<string, LockMode>>
  readonly rewrites: boolean
  readonly scans: boolean
  readonly destroys: boolean
}

const relations = `SELECT c.oid::text AS oid, CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname AS name, c.relkind AS kind, c.relfilenode::text AS file,
  CASE WHEN c.relkind = 'r' THEN (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM ONLY %s', c.oid::regclass), false, true, '')))[1]::text::int ELSE 1 END AS rows,
  ARRAY(SELECT a.attnum::int FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm')`

export interface Relation {
  readonly oid: string
  readonly name: string
  readonly kind: string
  readonly file: string
  readonly rows: number
  readonly columns: readonly number[]
}

/** What is there before anything runs. */
export const look = async (client: Client): Promise<readonly Relation[]> => (await client.query<Relation>(relations)).rows

/** Runs a statement and takes it back. */
export const measure = async (client: Client, before: readonly Relation[], statement: string): Promise<Measured> => {
  const notices: string[] = []
  const hear = ({ message = '' }) => void notices.push(message)
  await client.query('BEGIN; SET LOCAL client_min_messages = debug1')
  try {
    const written = async () =>
      (await client.query<{ n: number }>('SELECT coalesce(sum(n_tup_upd + n_tup_del), 0)::int AS n FROM pg_stat_xact_user_tables')).rows[0]
        ?.n ?? 0
    const already = await written()
    client.on('notice', hear)
    await client.query(statement)
    client.off('notice', hear)
    const { rows: held } = await client.query<{ oid: string; mode: string }>(
      "SELECT relation::text AS oid, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted",
    )
    const overwritten = (await written()) > already
    await client.query('SET LOCAL client_min_messages = notice')
    const after = (await client.query<Relation>(relations)).rows
    const now = ({ oid }: Relation) => after.find((one) => one.oid === oid)
    const locks: Record<string, LockMode> = {}
    for (const { oid, mode } of held) {
      const relation = before.find((one) => one.oid === oid)
      const name = lockModes.find((one) => `${one}Lock` === mode)
      if (relation && name && lockModes.indexOf(name) > lockModes.indexOf(locks[relation.name] ?? 'none')) locks[relation.name] = name
    }
    return {
      locks,
      // An emptied table gets a new file too.
      rewrites: before.some((one) => one.file !== '0' && now(one) !== undefined && now(one)?.file !== one.file && now(one)?.rows !== 0),
      scans: notices.some(
        (notice) =>
          notice.startsWith('validating foreign key') ||
          (scanning.test(notice) && before.some((one) => notice.includes(`"${one.name}"`) && (now(one)?.rows ?? 0) > 0)),
      ),
      // A view holds nothing.
      destroys:
        overwritten ||
        before.some(
          (one) =>
            one.kind !== 'v' && ((now(one)?.rows ?? -1) < one.rows || one.columns.some((column) => !now(one)?.columns.includes(column))),
        ),
    }
  } finally {
    client.off('notice', hear)
    await client.query('ROLLBACK')
  }
}

const scanning = /^(verifying table|building index .* on table|rewriting table|updated partition constraint|scanning)/

const weight = (mode: LockMode | undefined) => lockModes.indexOf(mode ?? 'none')

/** What PostgreSQL did and the told effect does not say: anything here is dangerous. */
export const undertold = (told: Effect, real: Measured): readonly string[] => {
  if (told.unknown.length > 0) return []
  const missing = (['rewrites', 'scans', 'destroys'] as const).filter(
    (what) => real[what] && !told[what] && !(what === 'scans' && told.rewrites),
  )
  const locks = Object.entries(real.locks).filter(([table, mode]) => weight(mode) > 2 && weight(told.locks.get(table)) < weight(mode))
  return [...missing, ...locks.map(([table, mode]) => `${mode} on ${table}, told ${told.locks.get(table) ?? 'none'}`)]
}

/** What is told and PostgreSQL did not do. */
export const overtold = (told: Effect, real: Measured): readonly string[] => {
  const more = (['rewrites', 'scans', 'destroys'] as const).filter(
    (what) => told[what] && !real[what] && !(what === 'scans' && real.rewrites),
  )
  const locks = [...told.locks].filter(([table, mode]) => weight(mode) > 2 && weight(mode) > weight(real.locks[table]))
  return [...more, ...locks.map(([table, mode]) => `${mode} on ${table}, was ${real.locks[table] ?? 'none'}`), ...told.unknown]
}
