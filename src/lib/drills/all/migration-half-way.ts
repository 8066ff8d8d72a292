import type { Drill, World } from '../drill.ts'
import { failedMigration } from '../migrations.ts'

const tag = 'dddd004'

const versionOf = async ({ sandbox }: World): Promise<number> =>
  Number((await sandbox.postgres.query('SELECT max(version_id)::int AS version FROM goose_db_version WHERE is_applied'))[0]?.['version'])

/** A file without a transaction stopped between its statements: the index is half there, and goose has recorded nothing. */
export const drill: Drill = {
  name: 'migration-half-way',
  origin: 'The migrate Job failed in the middle of a deploy',
  source: 'chapter 16; commit 8d9ca2e',
  heard: 'A colleague: "03-deploy.sh says: [deploy][error] migrations did not complete cleanly; aborting deploy. What now?"',
  hints: ['How far did it come? honeydue db:migrations', 'ch17 has a section for it, §27; the plan of its command says what is half there'],
  breaks: async ({ sandbox }) => {
    await sandbox.postgres.query("INSERT INTO tasks (residence_id, title) VALUES (1, '')")
    await failedMigration(sandbox, tag, {
      '000003_weight.sql':
        '-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY tasks_weight ON tasks ((100 / length(title)));\n\n-- +goose Down\nSELECT 1;\n',
    })
    // Whoever wrote it saw why, and took the row without a title away.
    await sandbox.postgres.query("DELETE FROM tasks WHERE title = ''")
  },
  over: async (world) => {
    const { sandbox } = world
    const invalid = await sandbox.postgres.query('SELECT indexrelid::regclass::text AS name FROM pg_index WHERE NOT indisvalid')
    const version = await versionOf(world)
    return [
      { what: 'No index is invalid', because: invalid.length === 0 ? undefined : `${invalid.map(({ name }) => name).join(', ')} is` },
      { what: 'The migration is applied', because: version === 3 ? undefined : `the schema is at version ${version}` },
    ]
  },
  page: 'db:recover-migration',
  way: () => [['db:recover-migration']],
  again: ['`honeydue db:migrate --dry-run` runs the files on a private PostgreSQL of this machine before a deploy does.'],
}
