import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { restrictedLogin, scratchDatabase } from '../../src/lib/postgres-server/restricted.ts'
import type { Server } from '../../src/lib/postgres-server/server.ts'
import { confinedServers } from '../../src/lib/postgres-server/servers.ts'
import { type Effect, joined } from '../../src/lib/sql/effect.ts'
import { callsIn } from '../../src/lib/sql/expressions.ts'
import { type Grammar, loadGrammar } from '../../src/lib/sql/grammar.ts'
import { effectOfNode } from '../../src/lib/sql/statement-effect.ts'
import { noSurroundings, type Surroundings } from '../../src/lib/sql/surroundings.ts'
import { surroundings } from '../../src/lib/systems/postgres/surroundings.ts'
import { type Before, look, measure, overtold, undertold } from './measured.ts'
import { alone, statements } from './statements.ts'

let server: Server
let client: Client
let grammar: Grammar
let around: Surroundings
let before: Before
let beside: Client
beforeAll(async () => {
  grammar = await loadGrammar()
  server = await confinedServers.take()
  const login = await restrictedLogin(server, 'neondb_owner')
  client = await server.login(login, scratchDatabase)
  beside = await server.login(login, scratchDatabase)
  await client.query(readFileSync(new URL('world.sql', import.meta.url), 'utf8'))
  const names = statements.flatMap((sql) => read(sql).flatMap(({ node }) => callsIn(node)))
  const { rows } = await client.query<Surroundings>(surroundings, [names])
  around = rows[0] ?? noSurroundings
  before = await look(client)
})
afterAll(async () => {
  await client?.end()
  await beside?.end()
  await server?.stop()
})

const read = (sql: string) => {
  const found = grammar(sql)
  if (!found.understood) throw new Error(`${sql}: ${found.because}`)
  return found.statements
}
const told = (sql: string): Effect => joined(read(sql).map(({ node }) => effectOfNode(node, around)))

/** Told for worse than it is, and why: what only a rehearsal knows, or a name that is not there. */
const overs: Readonly<Record<string, readonly string[]>> = {
  'ALTER TABLE tasks ALTER due TYPE timestamptz': ['rewrites', 'scans'],
  'ALTER TABLE tasks ADD COLUMN x posint[]': ['rewrites', 'scans'],
  'ALTER TABLE tasks ALTER size TYPE int': ['rewrites', 'scans'],
  'ALTER TABLE tasks ALTER code TYPE varchar(100) COLLATE "C"': ['rewrites'],
  'ALTER TABLE tasks ALTER n TYPE oid': ['rewrites'],
  'ALTER TABLE tasks SET ACCESS METHOD heap': ['rewrites', 'scans'],
  'ALTER TABLE tasks DROP COLUMN IF EXISTS nonsense': ['destroys'],
}

test.each(statements)('%s: told is never less than what PostgreSQL does', async (sql) => {
  const effect = told(sql)
  const real = await measure(client, beside, before, sql)
  expect(undertold(effect, real)).toEqual([])
  const over = overtold(effect, real)
  if (/^ALTER TABLE tasks/.test(sql) && !/CASCADE/.test(sql)) expect(over).toEqual(overs[sql] ?? [])
})

test.each(alone)('%s stands alone', async (sql, table, mode, rewrites) => {
  const { locks, alone: stands, rewrites: told_ } = told(sql)
  expect([locks.get(table), stands, told_]).toEqual([mode, true, rewrites])
  await client.query('BEGIN')
  await expect(client.query(sql)).rejects.toMatchObject({ code: '25001' })
  await client.query('ROLLBACK')
})

test.each([
  ["SELECT 'x'; DROP TABLE documents", true],
  ['ALTER TABLE tasks ADD x int; DROP TABLE documents', true],
  ["COMMENT ON TABLE tasks IS 'DROP TABLE x'", false],
  ['SELECT $$; DROP TABLE documents;$$', false],
  ["SELECT 'a--b'; /* ; */ TRUNCATE documents", true],
  ["SELECT E'\\'; DROP TABLE documents; --'", false],
])('%s: a text is split as the server splits it', async (sql, destroys) => {
  expect(told(sql).destroys).toBe(destroys)
})

test('what no rule knows, and what the grammar does not take, is not known', async () => {
  for (const sql of [
    'DO $$BEGIN END$$',
    'CALL sweep()',
    "COPY (SELECT 1) TO PROGRAM 'touch x'",
    "COPY tasks FROM '/etc/passwd'",
    'SELECT wipe()',
    'COMMIT',
    'EXECUTE p',
    'ALTER TYPE pair ADD ATTRIBUTE x int',
    'VACUUM',
    'SELECT nobody_knows(1)',
  ])
    expect(told(sql).unknown, sql).not.toEqual([])
  expect(grammar('SELEC 1')).toMatchObject({ understood: false })
  expect(grammar(`SELECT ${'('.repeat(50_000)}1${')'.repeat(50_000)}`)).toMatchObject({ understood: false })
  expect(grammar('SELECT 1')).toMatchObject({ understood: true })
  expect(grammar('  -- nothing\n')).toEqual({ understood: true, statements: [] })
})
