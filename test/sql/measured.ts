import type { Client } from 'pg'
import { heldLocks } from '../../src/lib/postgres-server/measure.ts'
import { catalogue, numbered, type Thing } from '../../src/lib/postgres-server/measure-catalogue.ts'
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

const rows = `SELECT c.oid::text AS oid, CASE WHEN c.relkind = 'r' THEN (xpath('/row/c/text()', query_to_xml(format('SELECT count(*) AS c FROM ONLY %s', c.oid::regclass), false, true, '')))[1]::text::int ELSE 1 END AS rows
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm')`

/** What is there before anything runs. */
export interface Before {
  readonly things: readonly Thing[]
  /** By number. */
  readonly rows: ReadonlyMap<string, number>
}

export const look = async (client: Client): Promise<Before> => {
  const counted = await client.query<{ oid: string; rows: number }>(rows)
  return { things: await catalogue(client), rows: new Map(counted.rows.map((one) => [one.oid, one.rows])) }
}

/** Runs a statement and takes it back. `beside`: another connection to its database. */
export const measure = async (client: Client, beside: Client, before: Before, statement: string): Promise<Measured> => {
  const notices: string[] = []
  const hear = ({ message = '' }) => void notices.push(message)
  await client.query('BEGIN; SET LOCAL client_min_messages = debug1')
  try {
    const pid = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0
    const written = async () =>
      (await client.query<{ n: number }>('SELECT coalesce(sum(n_tup_upd + n_tup_del), 0)::int AS n FROM pg_stat_xact_user_tables')).rows[0]
        ?.n ?? 0
    const already = await written()
    client.on('notice', hear)
    await client.query(statement)
    client.off('notice', hear)
    const { held } = await heldLocks(beside, pid, before.things)
    const overwritten = (await written()) > already
    await client.query('SET LOCAL client_min_messages = notice')
    const after = await look(client)
    const files = new Map(after.things.filter(({ sub }) => sub === 0).map(({ oid, file }) => [oid, file]))
    const rowsOf = (oid: string) => after.rows.get(oid)
    const locks: Record<string, LockMode> = {}
    for (const { table, mode } of held) {
      const name = lockModes.find((one) => one === mode)
      if (name && lockModes.indexOf(name) > lockModes.indexOf(locks[table] ?? 'none')) locks[table] = name
    }
    const there = new Set(after.things.map(numbered))
    const columns = before.things.some((one) => one.kind === 'column' && !there.has(numbered(one)))
    return {
      locks,
      // An emptied table gets a new file too.
      rewrites: before.things.some(
        ({ oid, file, sub }) => sub === 0 && file !== '0' && files.has(oid) && files.get(oid) !== file && rowsOf(oid) !== 0,
      ),
      scans: notices.some(
        (notice) =>
          notice.startsWith('validating foreign key') ||
          (scanning.test(notice) &&
            before.things.some(({ oid, bare, sub }) => sub === 0 && notice.includes(`"${bare}"`) && (rowsOf(oid) ?? 0) > 0)),
      ),
      // A view holds nothing.
      destroys:
        overwritten ||
        columns ||
        before.things.some(
          ({ oid, kind, sub }) =>
            sub === 0 && (kind === 'table' || kind === 'materialized view') && (rowsOf(oid) ?? -1) < (before.rows.get(oid) ?? 0),
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
