import { setTimeout as sleep } from 'node:timers/promises'
import { migrations } from '../../../src/lib/postgres-server/schema.ts'
import type { ContractCase } from '../contract.ts'
import type { GooseFiles, GooseWorld } from './world.ts'

const file = (name: string, up: string) => ({ name, sql: `-- +goose Up\n${up}\n-- +goose Down\nSELECT 1;\n` })
const untransacted = (name: string, up: string) => ({ name, sql: `-- +goose NO TRANSACTION\n-- +goose Up\n${up}\n` })

const versions = async ({ query }: GooseWorld) =>
  (await query('SELECT version_id::text AS version FROM goose_db_version ORDER BY id')).map(({ version }) =>
    Number.isSafeInteger(Number(version)) && Number(version) < 1e6 ? Number(version) : version,
  )
const rowsOf = async ({ query }: GooseWorld, sql: string) => query(sql)

const until = async (world: GooseWorld, sql: string): Promise<void> => {
  for (let tries = 0; tries < 200; tries++) {
    if ((await world.query(sql)).length > 0) return
    await sleep(25)
  }
  throw new Error(`never so: ${sql}`)
}

/** Runs goose once with files beside the two that are applied, and looks at its table. */
const once = (name: string, more: GooseFiles, expected: object): ContractCase<GooseWorld> => ({
  name,
  expected,
  give: async (world) => ({ ...(await world.up([...migrations, ...more])), versions: await versions(world) }),
})

const duplicated = "INSERT INTO tasks (residence_id, title) VALUES (1, 'Task 1')"
const unique = untransacted('000003_unique.sql', 'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS tasks_title ON tasks (title);')

/** The facts of goose 3.22.1 that the database procedures rely on. */
export const gooseCases: readonly ContractCase<GooseWorld>[] = [
  once('nothing pending', [], { code: 0, lines: ['goose: no migrations to run. current version: 2'], versions: [0, 1, 2] }),
  once('two pending files', [file('000003_a.sql', 'CREATE TABLE a (id int);'), file('000004_b.sql', 'CREATE TABLE b (id int);')], {
    code: 0,
    lines: ['OK   000003_a.sql (time)', 'OK   000004_b.sql (time)', 'goose: successfully migrated database to version: 4'],
    versions: [0, 1, 2, 3, 4],
  }),
  once('an empty file', [file('000003_empty.sql', '')], {
    code: 0,
    lines: ['EMPTY 000003_empty.sql (time)', 'goose: successfully migrated database to version: 3'],
    versions: [0, 1, 2, 3],
  }),
  once(
    'what came before the failing file stays committed, nothing after it is tried',
    [
      file('000003_a.sql', 'CREATE TABLE a (id int);'),
      file('000004_b.sql', 'CREATE TABLE b (id int);\nALTER TABLE tasks DROP COLUMN nonsense;'),
      file('000005_c.sql', 'CREATE TABLE c (id int);'),
    ],
    {
      code: 1,
      lines: [
        'OK   000003_a.sql (time)',
        'goose run: ERROR 000004_b.sql: failed to run SQL migration: failed to execute SQL query "ALTER TABLE tasks DROP COLUMN nonsense;": ERROR: column "nonsense" of relation "tasks" does not exist (SQLSTATE 42703)',
      ],
      versions: [0, 1, 2, 3],
    },
  ),
  once('a gap in the numbers passes', [file('000005_gap.sql', 'SELECT 1;')], {
    code: 0,
    lines: ['OK   000005_gap.sql (time)', 'goose: successfully migrated database to version: 5'],
    versions: [0, 1, 2, 5],
  }),
  once(
    'a timestamp, and one beyond what a double keeps',
    [file('20240101120000_a.sql', 'SELECT 1;'), file('20240101120000123_b.sql', 'SELECT 1;'), file('20240101120000124_c.sql', 'SELECT 1;')],
    {
      code: 0,
      lines: [
        'OK   20240101120000_a.sql (time)',
        'OK   20240101120000123_b.sql (time)',
        'OK   20240101120000124_c.sql (time)',
        'goose: successfully migrated database to version: 20240101120000124',
      ],
      versions: [0, 1, 2, '20240101120000', '20240101120000123', '20240101120000124'],
    },
  ),
  {
    name: 'a row that says is_applied = false: passed over as applied, and the version before it told',
    expected: { code: 0, lines: ['goose: no migrations to run. current version: 1'] },
    give: async (world) => {
      await world.query('UPDATE goose_db_version SET is_applied = false WHERE version_id = 2')
      return world.up(migrations)
    },
  },
  {
    name: 'a version table without a row',
    expected: { code: 1, lines: ['goose run: no next version found'] },
    give: async (world) => {
      await world.query('DELETE FROM goose_db_version')
      return world.up(migrations)
    },
  },
  {
    name: 'a lower number that arrives late fails',
    expected: {
      code: 1,
      lines: ['goose run: error: found 1 missing migrations before current version 5:', '\tversion 4: migrations/000004_late.sql'],
    },
    give: async (world) => {
      const gap = [...migrations, file('000005_gap.sql', 'SELECT 1;')]
      await world.up(gap)
      return world.up([...gap, file('000004_late.sql', 'SELECT 1;')])
    },
  },
  {
    name: 'an applied file that was edited, and one that was deleted, pass silently',
    expected: { code: 0, lines: ['goose: no migrations to run. current version: 2'] },
    give: (world) => world.up([{ name: '000002_tasks_by_due_date.sql', sql: '-- +goose Up\nDROP TABLE users;\n' }]),
  },
  once('a file that does not parse', [{ name: '000003_open.sql', sql: '-- +goose Up\nSELECT 1\n' }], {
    code: 1,
    lines: [
      'goose run: ERROR 000003_open.sql: failed to parse SQL migration file: failed to parse migration: state 1, direction: up: unexpected unfinished SQL query: "SELECT 1": missing semicolon?',
    ],
    versions: [0, 1, 2],
  }),
  once('a file with a word that goose does not know', [{ name: '000003_word.sql', sql: '-- +goose Sideways\nSELECT 1;\n' }], {
    code: 1,
    lines: [
      'goose run: ERROR 000003_word.sql: failed to parse SQL migration file: failed to parse annotation line "-- +goose Sideways": "Sideways" not supported: invalid annotation',
    ],
    versions: [0, 1, 2],
  }),
  {
    name: 'two files of one number: it panics before it runs any',
    expected: {
      code: 2,
      lines: ['panic: goose: duplicate version 3 detected:', '\tmigrations/000003_b.sql', '\tmigrations/000003_a.sql'],
      versions: [0, 1, 2],
    },
    give: async (world) => {
      const { code, lines } = await world.up([...migrations, file('000003_a.sql', 'SELECT 1;'), file('000003_b.sql', 'SELECT 1;')])
      return { code, lines: lines.slice(0, 3), versions: await versions(world) }
    },
  },
  once('a .sql file without a number refuses the folder', [file('000003_a.sql', 'SELECT 1;'), file('seed.sql', 'SELECT 1;')], {
    code: 1,
    lines: ['goose run: could not parse SQL migration file "migrations/seed.sql": no filename separator \'_\' found'],
    versions: [0, 1, 2],
  }),
  once(
    'a .go file stops it when it is its turn',
    [
      file('000003_a.sql', 'SELECT 1;'),
      { name: '000004_backfill.go', sql: 'package migrations\n' },
      { name: '000004_backfill_test.go', sql: 'package migrations\n' },
      { name: 'README.md', sql: 'read me\n' },
      file('000005_c.sql', 'SELECT 1;'),
    ],
    {
      code: 1,
      lines: [
        'OK   000003_a.sql (time)',
        'goose run: ERROR migrations/000004_backfill.go: failed to run Go migration: Go functions must be registered and built into a custom binary (see https://github.com/pressly/goose/tree/master/examples/go-migrations)',
      ],
      versions: [0, 1, 2, 3],
    },
  ),
  once('a byte order mark before Up', [{ name: '000003_bom.sql', sql: '\ufeff-- +goose Up\nSELECT 1;\n' }], {
    code: 1,
    lines: [
      'goose run: ERROR 000003_bom.sql: failed to parse SQL migration file: failed to parse migration: unexpected state 0 on line "\\ufeff-- +goose Up", see https://github.com/pressly/goose#sql-migrations',
    ],
    versions: [0, 1, 2],
  }),
  {
    name: 'two dashes in a text end no statement early, and hide none',
    expected: { code: 0, tables: [{ there: false }] },
    give: async (world) => {
      const { code } = await world.up([...migrations, file('000003_a.sql', "SELECT 'a--b';\nDROP TABLE documents;")])
      return { code, tables: await rowsOf(world, "SELECT to_regclass('documents') IS NOT NULL AS there") }
    },
  },
  {
    name: 'an empty block swallows the next line',
    expected: { code: 0, tables: [{ there: true }] },
    give: async (world) => {
      const text = '-- +goose StatementBegin\n-- +goose StatementEnd\nDROP TABLE documents;'
      const { code } = await world.up([...migrations, file('000003_a.sql', text)])
      return { code, tables: await rowsOf(world, "SELECT to_regclass('documents') IS NOT NULL AS there") }
    },
  },
  once('a file without Up', [{ name: '000003_none.sql', sql: 'SELECT 1;\n' }], {
    code: 1,
    lines: [
      'goose run: ERROR 000003_none.sql: failed to parse SQL migration file: failed to parse migration: unexpected state 0 on line "SELECT 1;", see https://github.com/pressly/goose#sql-migrations',
    ],
    versions: [0, 1, 2],
  }),
  once('a StatementBegin that never ends', [{ name: '000003_begin.sql', sql: '-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n' }], {
    code: 1,
    lines: [
      "goose run: ERROR 000003_begin.sql: failed to parse SQL migration file: failed to parse migration: missing '-- +goose StatementEnd' annotation",
    ],
    versions: [0, 1, 2],
  }),
  once('a Down before Up', [{ name: '000003_down.sql', sql: '-- +goose Down\nSELECT 1;\n-- +goose Up\nSELECT 2;\n' }], {
    code: 1,
    lines: [
      "goose run: ERROR 000003_down.sql: failed to parse SQL migration file: must start with '-- +goose Up' annotation, stateMachine=0, see https://github.com/pressly/goose#sql-migrations",
    ],
    versions: [0, 1, 2],
  }),
  once(
    'statements between StatementBegin and StatementEnd',
    [
      file(
        '000003_function.sql',
        '-- +goose StatementBegin\nCREATE FUNCTION one() RETURNS int AS $$\nBEGIN\n  RETURN 1;\nEND;\n$$ LANGUAGE plpgsql;\n-- +goose StatementEnd',
      ),
    ],
    {
      code: 0,
      lines: ['OK   000003_function.sql (time)', 'goose: successfully migrated database to version: 3'],
      versions: [0, 1, 2, 3],
    },
  ),
  once(
    "a dump's emptied search_path breaks the insert into the version table",
    [file('000003_dump.sql', "SELECT pg_catalog.set_config('search_path', '', false);")],
    {
      code: 1,
      lines: [
        'goose run: ERROR 000003_dump.sql: failed to run SQL migration: failed to insert new goose version: ERROR: relation "goose_db_version" does not exist (SQLSTATE 42P01)',
      ],
      versions: [0, 1, 2],
    },
  ),
  once("a dump's restrict line does not parse in the server", [file('000003_dump.sql', '\\restrict abc\nSELECT 1;')], {
    code: 1,
    lines: [
      'goose run: ERROR 000003_dump.sql: failed to run SQL migration: failed to execute SQL query "\\\\restrict abc\\nSELECT 1;": ERROR: syntax error at or near "\\" (SQLSTATE 42601)',
    ],
    versions: [0, 1, 2],
  }),
  {
    name: 'an index that failed to build stays invalid, and IF NOT EXISTS records success over it',
    expected: { first: 1, words: true, between: [0, 1, 2], second: 0, versions: [0, 1, 2, 3], valid: [{ valid: false }] },
    give: async (world) => {
      await world.query(duplicated)
      const first = await world.up([...migrations, unique])
      const between = await versions(world)
      const second = await world.up([...migrations, unique])
      return {
        first: first.code,
        words: first.lines.at(-1)?.endsWith('(SQLSTATE 23505)'),
        between,
        second: second.code,
        versions: await versions(world),
        valid: await rowsOf(world, "SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'tasks_title'::regclass"),
      }
    },
  },
  {
    name: 'killed in a statement without a transaction: the server completes it, unrecorded',
    expected: { code: null, active: 1, late: [{ email: 'late@example.com' }], versions: [0, 1, 2] },
    give: async (world) => {
      const slow = untransacted('000003_slow.sql', "INSERT INTO users (email) SELECT 'late@example.com' FROM pg_sleep(1.5);")
      const killing = new AbortController()
      const run = world.up([...migrations, slow], killing.signal)
      const active =
        "SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO users%' AND state = 'active' AND pid <> pg_backend_pid()"
      await until(world, active)
      killing.abort()
      const { code } = await run
      const still = (await world.query(active)).length
      await until(world, "SELECT FROM users WHERE email LIKE 'late%'")
      return {
        code,
        active: still,
        late: await rowsOf(world, "SELECT email FROM users WHERE email LIKE 'late%'"),
        versions: await versions(world),
      }
    },
  },
  {
    name: 'killed inside a transaction: nothing of the file stays',
    expected: { code: null, table: [{ there: false }], versions: [0, 1, 2] },
    give: async (world) => {
      const slow = file('000003_slow.sql', 'CREATE TABLE half (id int);\nSELECT pg_sleep(1);')
      const killing = new AbortController()
      const run = world.up([...migrations, slow], killing.signal)
      const active = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
      await until(world, active)
      killing.abort()
      const { code } = await run
      await until(world, `SELECT WHERE NOT EXISTS (${active})`)
      return { code, table: await rowsOf(world, "SELECT to_regclass('half') IS NOT NULL AS there"), versions: await versions(world) }
    },
  },
  {
    name: 'two at once take no lock: both run the same file, and one fails',
    expected: { codes: [0, 1], versions: [0, 1, 2, 3] },
    give: async (world) => {
      const files = [...migrations, file('000003_twice.sql', 'SELECT pg_sleep(1);\nCREATE TABLE twice (id int);')]
      const runs = await Promise.all([world.up(files), world.up(files)])
      return { codes: runs.map(({ code }) => code).sort(), versions: await versions(world) }
    },
  },
  {
    name: 'a database without the table: it is made, with row 0',
    expected: {
      code: 0,
      columns: [
        { name: 'id', type: 'integer', nullable: 'NO' },
        { name: 'version_id', type: 'bigint', nullable: 'NO' },
        { name: 'is_applied', type: 'boolean', nullable: 'NO' },
        { name: 'tstamp', type: 'timestamp without time zone', nullable: 'NO' },
      ],
      versions: [0, 3],
    },
    give: async (world) => {
      await world.query('DROP TABLE goose_db_version')
      const { code } = await world.up([file('000003_first.sql', 'SELECT 1;')])
      const columns = await rowsOf(
        world,
        "SELECT column_name AS name, data_type AS type, is_nullable AS nullable FROM information_schema.columns WHERE table_name = 'goose_db_version' ORDER BY ordinal_position",
      )
      return { code, columns, versions: await versions(world) }
    },
  },
]
