import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Client } from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { restrictedLogin, scratchDatabase } from '../../src/lib/postgres-server/restricted.ts'
import { scratchServer } from '../../src/lib/postgres-server/scratch.ts'
import type { Server } from '../../src/lib/postgres-server/server.ts'
import { confinedServers } from '../../src/lib/postgres-server/servers.ts'

const place = mkdtempSync(join(tmpdir(), 'honeydue-attack-'))
const scratch = scratchServer()
let server: Server
let client: Client
beforeAll(async () => {
  server = await confinedServers.take()
  client = await server.login(await restrictedLogin(server, 'neondb_owner'), scratchDatabase)
})
afterAll(async () => {
  await client?.end()
  await server?.stop()
  await scratch.stop()
  rmSync(place, { recursive: true, force: true })
})

const mark = join(place, 'mark')
const file = (sql: string) => ({
  name: '000001_attack.sql',
  text: `-- +goose NO TRANSACTION
-- +goose Up
-- +goose StatementBegin
${sql}
-- +goose StatementEnd
`,
})
const attempt = (sql: string, before: readonly string[] = []) =>
  scratch.attempt({ user: 'neondb_owner', before, files: [file(sql)], ask: 'SELECT current_user AS who' })

/** What whoever writes a migration, or an object of the live database, may try against the machine that rehearses it. */
test.each([
  ['a program that is given rows', `COPY (SELECT 1) TO PROGRAM 'touch ${mark}'`, '42501'],
  ['a program that gives rows', `CREATE TABLE t (x text); COPY t FROM PROGRAM 'touch ${mark}'`, '42501'],
  ['a file that is written', `COPY (SELECT 1) TO '${mark}'`, '42501'],
  ['a file that is read', `CREATE TABLE t (x text); COPY t FROM '/etc/passwd'`, '42501'],
  ['pg_read_file', `SELECT pg_read_file('/etc/passwd')`, '42501'],
  ['pg_read_binary_file of its own data', `SELECT pg_read_binary_file('postgresql.conf')`, '42501'],
  ['pg_ls_dir', `SELECT pg_ls_dir('/')`, '42501'],
  ['lo_import', `SELECT lo_import('/etc/passwd')`, '42501'],
  ['lo_export', `SELECT lo_export(lo_from_bytea(0, 'x'), '${mark}')`, '42501'],
  ['dblink', 'CREATE EXTENSION dblink', '0A000'],
  ['postgres_fdw', 'CREATE EXTENSION postgres_fdw', '0A000'],
  ['file_fdw', 'CREATE EXTENSION file_fdw', '0A000'],
  ['adminpack', 'CREATE EXTENSION adminpack', '0A000'],
  ['pageinspect', 'CREATE EXTENSION pageinspect', '0A000'],
  ['plpython', 'CREATE EXTENSION plpython3u', '0A000'],
  ['plperl', 'CREATE EXTENSION plperl CASCADE', '0A000'],
  ['xml2', 'CREATE EXTENSION xml2', '0A000'],
  ['a language by its handler', 'CREATE LANGUAGE plperlu', '0A000'],
  ['a function in C', `CREATE FUNCTION system(text) RETURNS int AS '/lib/x86_64-linux-gnu/libc.so.6', 'system' LANGUAGE C`, '42501'],
  ['a function of the server itself', `CREATE FUNCTION f(text) RETURNS bytea AS 'pg_read_binary_file_all' LANGUAGE internal`, '42501'],
  ['a library', `LOAD '/lib/x86_64-linux-gnu/libc.so.6'`, '42501'],
  ['a library of the server', `LOAD 'plpgsql/../../x'`, '42501'],
  ['a wrapper of its own', 'CREATE FOREIGN DATA WRAPPER w', '42501'],
  ['a server to read from', 'CREATE SERVER s FOREIGN DATA WRAPPER w', '42704'],
  [
    'an event trigger',
    'CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$; CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION f()',
    '42501',
  ],
  ['a setting of the server', `ALTER SYSTEM SET archive_command = 'touch ${mark}'`, '42501'],
  ['a setting of the session', `SET archive_command = 'touch ${mark}'`, '55P02'],
  ['a setting of the role', `ALTER ROLE CURRENT_USER SET session_preload_libraries = 'x'`, '42501'],
  ['a larger limit', `SET temp_file_limit = -1`, '42501'],
  ['a subscription', `CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 dbname=x' PUBLICATION p`, '42501'],
  ['a tablespace', `CREATE TABLESPACE t LOCATION '${place}'`, '42501'],
  ['the superuser, by SET ROLE', 'RESET ROLE; SET ROLE honeydue_superuser', '42501'],
  ['the superuser, by the session', 'RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION honeydue_superuser', '42501'],
  ['a superuser of its own', 'CREATE ROLE boss SUPERUSER', '42501'],
  ['itself, risen', 'ALTER ROLE CURRENT_USER SUPERUSER', '42501'],
  ['the right to run programs, for itself', 'GRANT pg_execute_server_program TO CURRENT_USER', '42501'],
  ['the right to write files, for a role of its own', 'CREATE ROLE helper; GRANT pg_write_server_files TO helper', '42501'],
  ['the rights of the superuser', 'GRANT honeydue_superuser TO CURRENT_USER', '42501'],
  ['the password of the superuser', `ALTER ROLE honeydue_superuser PASSWORD 'x'`, '42501'],
  ['the passwords', 'SELECT * FROM pg_authid', '42501'],
  ['a table of the catalogue', `UPDATE pg_catalog.pg_proc SET proacl = NULL`, '42501'],
  ['what psql takes for a command', `\\! touch ${mark}`, '42601'],
  [
    'a program, only where it may',
    `DO $$BEGIN IF current_setting('is_superuser') = 'on' THEN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${mark}'''; END IF; END$$`,
    undefined,
  ],
  ['the logs', `SELECT pg_rotate_logfile()`, '42501'],
  ['a reload', 'SELECT pg_reload_conf()', '42501'],
])('%s: nothing happens on the machine', async (_, sql, sqlState) => {
  const said = await client.query(sql).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  )
  expect(said).toBe(sqlState)
  expect(readdirSync(place)).toEqual([])
})

test('F2: a view and a function of the live database that wait for a superuser', async () => {
  const boom = `CREATE FUNCTION boom() RETURNS int LANGUAGE plpgsql AS $$BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${mark}'''; END IF; RETURN 1; END$$`
  const { code } = await attempt('SELECT * FROM mv', [boom, 'CREATE MATERIALIZED VIEW mv AS SELECT boom()'])
  expect([code, existsSync(mark)]).toEqual([0, false])
})

test('what is asked afterwards is asked by the same login, whatever shadows what the question calls', async () => {
  const shadow = `CREATE FUNCTION public.concat_ws(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN EXECUTE 'COPY (SELECT 1) TO PROGRAM ''touch ${mark}'''; RETURN ''; END$$`
  const asked = scratch.attempt({
    user: 'neondb_owner',
    before: [],
    files: [file(shadow)],
    ask: "SELECT public.concat_ws('a'::text, 'b'::text)",
  })
  await expect(asked).rejects.toMatchObject({ code: '42501' })
  expect(readdirSync(place)).toEqual([])
})

test('a role, a database that lets nobody in, and one that is a template are gone at the next attempt', async () => {
  const spoil = 'CREATE ROLE reporter; CREATE TABLE t (id int); GRANT SELECT ON t TO reporter; ALTER DATABASE scratch IS_TEMPLATE true'
  for (let again = 0; again < 2; again++) expect((await attempt(`${spoil}; SELECT ${again}`)).code).toBe(0)
  await expect(attempt('ALTER DATABASE scratch CONNECTION LIMIT 0')).rejects.toThrow()
  expect((await attempt('CREATE ROLE reporter')).code).toBe(0)
})
