import type { Client } from 'pg'
import { catalogue, census, holds, numbered, type Thing } from './measure-catalogue.ts'

/** What a statement was seen to do on the private server; tables as `schema.name`, and without `public.`. */
export interface Measured {
  readonly file: string
  /** Which of the texts that goose sends of the file, from 0. */
  readonly at: number
  /** Every lock on what was there before the files that its transaction holds after it. Undefined: it had none, and its locks were gone. */
  readonly locks: readonly Held[] | undefined
  /** Tables whose rows were written anew. */
  readonly rewrites: readonly string[]
  /** Tables with a new file that no rewriting was heard of: TRUNCATE does that. */
  readonly emptied: readonly string[]
  /** Tables that were read from end to end. */
  readonly scans: readonly string[]
  /** What was there before it and is gone; not what only went with its table. */
  readonly dropped: readonly { readonly kind: string; readonly name: string }[]
}

export interface Held {
  readonly table: string
  /** As PostgreSQL names it, without "Lock". */
  readonly mode: string
}

interface Backend {
  readonly state: string
  /** It has written in its transaction, and has something to itself: without that nothing goes, and no table gets another file. */
  readonly changed: boolean
  readonly locks: readonly { readonly oid: string; readonly mode: string }[]
}

/** Read from another connection: the session that is measured may not have had its first snapshot, and keeps its right to set the isolation level. */
const backend = `SELECT a.state, EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.locktype = 'transactionid' AND l.granted)
    AND EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.locktype IN ('relation', 'object') AND l.mode = 'AccessExclusiveLock' AND l.granted) AS changed,
  (SELECT coalesce(json_agg(json_build_object('oid', l.relation::text, 'mode', regexp_replace(l.mode, 'Lock$', ''))), '[]')
     FROM pg_catalog.pg_locks l WHERE l.pid = a.pid AND l.locktype = 'relation' AND l.granted) AS locks
  FROM pg_catalog.pg_stat_activity a WHERE a.pid = $1`

/** The locks that a session holds now on these things. */
export const heldLocks = async (
  beside: Client,
  pid: number,
  things: readonly Thing[],
): Promise<Backend & { readonly held: readonly Held[] }> => {
  const { rows } = await beside.query<Backend>(backend, [pid])
  const [found = { state: '', changed: false, locks: [] }] = rows
  const held = found.locks.flatMap(({ oid, mode }) => {
    const relation = things.find((one) => one.oid === oid && (isRows(one) || one.kind === 'view'))
    return relation ? [{ table: relation.name, mode }] : []
  })
  return { ...found, held }
}

const isRows = ({ kind }: Thing): boolean => kind === 'table' || kind === 'materialized view'

/** The table that PostgreSQL says at DEBUG1 to rewrite, or to read whole. */
const rewriting = /^rewriting table "(.*)"$/
const scanning =
  /^(?:verifying table|rewriting table|building index ".*" on table|updated partition constraint for default partition|scanning table) "(.*?)"/

/**
 * Watches a session statement by statement. `look` costs one question on the connection beside, and one to the session itself where it wrote: nobody
 * else sees what a transaction has changed in the catalogue.
 */
export const measuring = async (session: Client, beside: Client) => {
  const {
    rows: [mine],
  } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid, set_config($1, $2, false)', ['client_min_messages', 'debug1'])
  const pid = mine?.pid ?? 0
  // What the files make under a name of PostgreSQL's is not called here.
  await beside.query('SET search_path = pg_catalog')
  const first = await catalogue(beside)
  let before = first
  let heard: string[] = []
  session.on('notice', ({ message = '', routine }) => {
    // RAISE says whatever a file likes, and as often.
    if (routine !== 'exec_stmt_raise' && heard.length < 10_000 && scanning.test(message)) heard.push(message)
  })
  const named = (pattern: RegExp): readonly string[] => {
    const names = new Set(heard.flatMap((message) => pattern.exec(message)?.[1] ?? []))
    return names.size === 0 ? [] : first.filter((one) => isRows(one) && names.has(one.bare)).map(({ name }) => name)
  }
  return {
    look: async (file: string, at: number): Promise<Measured> => {
      const { state, changed, held } = await heldLocks(beside, pid, first)
      const within = state !== 'idle'
      const where = within ? session : beside
      const now = within && !changed ? undefined : await census(where)
      const lost = now ? before.filter((one) => !now.has(numbered(one))) : []
      const anew = now ? before.filter((one) => (now.get(numbered(one)) ?? one.file) !== one.file) : []
      const again = lost.every(holds) ? [] : madeAgain(lost, await catalogue(where))
      const rewrites = named(rewriting)
      if (now)
        before = [
          ...before.filter((one) => now.has(numbered(one))).map((one) => ({ ...one, file: now.get(numbered(one)) ?? one.file })),
          ...again,
        ]
      const measured: Measured = {
        file,
        at,
        locks: within ? held : undefined,
        rewrites,
        emptied: anew.map(({ name }) => name).filter((name) => !rewrites.includes(name)),
        scans: named(scanning),
        dropped: gone(lost, again),
      }
      heard = []
      return measured
    },
  }
}

/** An ALTER makes indexes and constraints again under their names; a table of the same name is another one, without the rows. */
const madeAgain = (lost: readonly Thing[], after: readonly Thing[]): readonly Thing[] => {
  const names = new Set(lost.filter((one) => !holds(one)).map(({ kind, name }) => `${kind} ${name}`))
  return after.filter(({ kind, name }) => names.has(`${kind} ${name}`))
}

/** Without what only went with its table, and an index beside its constraint. */
const gone = (lost: readonly Thing[], again: readonly Thing[]): Measured['dropped'] => {
  const there = new Set(again.map(({ kind, name }) => `${kind} ${name}`))
  const left = lost.filter(({ kind, name }) => !there.has(`${kind} ${name}`))
  const owners = new Set(left.filter(({ sub }) => sub === 0).map(({ oid }) => oid))
  const constraints = new Set(left.filter(({ kind }) => kind === 'constraint').map(({ bare }) => bare))
  return left
    .filter(({ of, kind, bare }) => !(of !== null && owners.has(of)) && !(kind === 'index' && constraints.has(bare)))
    .map(({ kind, name }) => ({ kind, name }))
}
