import { afterEach, expect, test } from 'vitest'
import { differencesOf } from '../../../src/lib/facts/db/schema-difference.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)
const schema = async () => systems().postgres.read.schema((await systems().postgres.read.application()).direct)
afterEach(() => sandbox().postgres.query('DROP OWNED BY reporter CASCADE; DROP ROLE reporter'))

/** A statement, the object that it changes, and its definition then. */
const cases: readonly (readonly [string, string, string | undefined])[] = [
  ['ALTER TABLE users ENABLE ROW LEVEL SECURITY', 'row security users', 'enabled'],
  ['ALTER TABLE tasks ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'row security tasks', 'enabled forced'],
  [
    'CREATE POLICY own ON tasks FOR SELECT TO reporter USING (id > 1)',
    'policy own of tasks',
    'permissive for r to reporter using (id > 1)',
  ],
  ['GRANT SELECT ON tasks TO reporter', 'grant select on tasks to reporter', ''],
  ['GRANT UPDATE (title) ON tasks TO reporter WITH GRANT OPTION', 'grant update on tasks.title to reporter', 'with grant option'],
  ['GRANT USAGE ON SCHEMA public TO reporter', 'grant usage on public to reporter', ''],
  ['ALTER TABLE documents OWNER TO reporter', 'owner documents', 'reporter'],
  ["COMMENT ON COLUMN tasks.title IS 'what is to be done'", 'comment column title of table tasks', 'what is to be done'],
  ['CREATE DOMAIN positive AS int CHECK (VALUE > 0)', 'domain positive', 'integer CONSTRAINT positive_check CHECK ((VALUE > 0))'],
  ['CREATE TYPE pair AS (a int, b text)', 'composite type pair', 'a integer, b text'],
  ["CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int, initcond = '0')", 'aggregate total(integer)', 'int4pl integer 0'],
  [
    'CREATE RULE kept AS ON DELETE TO tasks DO INSTEAD NOTHING',
    'rule kept of tasks',
    'CREATE RULE kept AS ON DELETE TO public.tasks DO INSTEAD NOTHING;',
  ],
  [
    'CREATE STATISTICS pairs ON id, title FROM tasks',
    'statistics pairs of tasks',
    'CREATE STATISTICS public.pairs ON id, title FROM tasks',
  ],
  [
    'ALTER TABLE tasks ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) VIRTUAL',
    'column tasks.twice',
    'bigint GENERATED ALWAYS AS ((id * 2)) VIRTUAL',
  ],
  ['ALTER TABLE events DETACH PARTITION events_2024', 'partition bound events_2024', undefined],
  ['ALTER TABLE tasks DISABLE TRIGGER touched', 'trigger state touched of tasks', 'disabled'],
  ['REVOKE EXECUTE ON FUNCTION touch() FROM PUBLIC', 'grant nothing on touch() to public', ''],
]

test('the schema shows rights, row security, partitions, types and what else a statement can change', async () => {
  const { query } = sandbox().postgres
  await query('CREATE ROLE reporter; GRANT CREATE ON SCHEMA public TO reporter')
  await query(`SET ROLE neondb_owner; CREATE TABLE events (at date) PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touched BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION touch(); RESET ROLE`)
  const before = await schema()
  for (const [statement] of cases) await query(statement)
  const found = new Map(differencesOf(before, await schema()).map(({ what, there }) => [what, there]))
  expect(cases.map(([, what]) => [what, found.has(what) ? (found.get(what) ?? 'gone') : 'no difference'])).toEqual(
    cases.map(([, what, there]) => [what, there ?? 'gone']),
  )
})
