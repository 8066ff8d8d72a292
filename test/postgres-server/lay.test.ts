import { readFileSync } from 'node:fs'
import type { Client } from 'pg'
import { afterAll, expect, test } from 'vitest'
import { lay } from '../../src/lib/postgres-server/lay.ts'
import { restrictedLogin, scratchDatabase, settle } from '../../src/lib/postgres-server/restricted.ts'
import type { Server } from '../../src/lib/postgres-server/server.ts'
import { confinedServers } from '../../src/lib/postgres-server/servers.ts'
import { schemaObjects } from '../../src/lib/systems/postgres/catalog.ts'
import { layout, roles } from '../../src/lib/systems/postgres/layout.ts'
import type { Layout, SchemaObject } from '../../src/lib/systems/postgres/types.ts'

const servers: Server[] = []
afterAll(() => Promise.all(servers.map((server) => server.stop())))

const odd = `
SET check_function_bodies = off;
CREATE ROLE reporter; CREATE ROLE other;
GRANT reporter, other TO CURRENT_USER;
CREATE SCHEMA app;
GRANT CREATE ON SCHEMA app TO other;
CREATE TYPE app.pair AS (a int, b text);
CREATE DOMAIN app.email AS text DEFAULT 'x' CONSTRAINT at CHECK (VALUE <> '');
CREATE FUNCTION app.next_number() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM app.numbered';
CREATE TABLE app.numbered (id bigint DEFAULT app.next_number(), mail app.email, both_ app.pair, "odd name" text COLLATE "C", twice bigint GENERATED ALWAYS AS (id * 2) VIRTUAL);
CREATE AGGREGATE app.total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE VIEW public.z_first AS SELECT id FROM app.numbered;
CREATE VIEW public.a_later AS SELECT id FROM public.z_first;
ALTER TABLE app.numbered ENABLE ROW LEVEL SECURITY;
CREATE POLICY theirs ON app.numbered FOR SELECT TO reporter USING (id > 0);
GRANT SELECT ON app.numbered TO reporter;
CREATE TABLE app.foreign_owned (id int);
ALTER TABLE app.foreign_owned OWNER TO other;
REVOKE reporter, other FROM CURRENT_USER;
ALTER TABLE documents DISABLE TRIGGER documents_touch;
CREATE TABLE measured (at date, id int) PARTITION BY LIST (id);
CREATE TABLE measured_one PARTITION OF measured FOR VALUES IN (1) PARTITION BY RANGE (at);
CREATE TABLE measured_one_a PARTITION OF measured_one DEFAULT;
CREATE INDEX measured_at ON measured (at);
`

const started = async (given: Layout['roles'] = []): Promise<{ server: Server; client: Client; settled: () => Promise<void> }> => {
  const server = await confinedServers.take()
  servers.push(server)
  const login = await restrictedLogin(server, 'neondb_owner', given)
  return { server, client: await server.login(login, scratchDatabase), settled: () => settle(server, login, given) }
}
const objects = async (client: Client) => (await client.query<SchemaObject>(schemaObjects)).rows

test('a schema of every kind is laid as it is: later views, partitions, policies, rights, other owners, and again', async () => {
  const live = await started()
  await live.client.query(readFileSync(new URL('../sql/world.sql', import.meta.url), 'utf8'))
  await live.client.query(odd)
  await live.client.query("BEGIN; SET LOCAL search_path = ''")
  const { rows: statements } = await live.client.query<Layout['statements'][number]>(layout)
  const { rows: found } = await live.client.query<Layout['roles'][number]>(roles)
  await live.client.query('COMMIT')
  const copy = await started(found)
  expect(await lay(copy.client, statements)).toEqual([])
  await copy.settled()
  expect(await objects(copy.client)).toEqual(await objects(live.client))
  await expect(copy.client.query('ALTER TABLE app.foreign_owned ADD x int')).rejects.toMatchObject({ code: '42501' })
  await expect(copy.client.query('SET ROLE reporter')).rejects.toMatchObject({ code: '42501' })
  await copy.client.query('GRANT SELECT ON app.numbered TO reporter; DROP POLICY theirs ON app.numbered; DROP AGGREGATE app.total (int)')
  await Promise.all([live.client.end(), copy.client.end()])
})

test('what cannot be laid is told, and an extension that is not here is not', async () => {
  const { client } = await started()
  const told = await lay(client, [
    { kind: 'extension', sql: 'CREATE EXTENSION vector' },
    { kind: 'table', sql: 'CREATE TABLE public.a (x public.vector(3))' },
    { kind: 'table', sql: 'CREATE TABLE public.b (x int)' },
  ])
  expect(told).toEqual(['type "public.vector" does not exist: CREATE TABLE public.a (x public.vector(3))'])
  await client.end()
})
