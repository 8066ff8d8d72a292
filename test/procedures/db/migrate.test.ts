import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { paint } from '../../../src/lib/cli/render.ts'
import { renderPlan } from '../../../src/lib/cli/render-plan.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { migrate } from '../../../src/lib/procedures/db/migrate.ts'
import { image } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { migrationWorlds, nextImage } from '../../support/migration-worlds.ts'
import { jobBecomes, release, startJob } from '../../support/migrations.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)

test('a migration that destroys: what goes stands first, who still reads it, what is locked how long, and the way back', async () => {
  await migrationWorlds['a column that goes'](sandbox())
  const { plan } = await prepare(migrate, { image: nextImage, rehearse: false }, systems(), contextOf(sandbox().environment))
  expect(plan.steps[1]?.effect.map(({ what, after, note }) => [what, after, note])).toEqual([
    ['goose_db_version', '3', undefined],
    ['000003: ALTER TABLE tasks DROP COLUMN title', 'run: destroys, blocks reads and writes of tasks', 'tasks has 100 rows, 8 kB'],
    ['000003: UPDATE tasks SET name = title', 'run: destroys, blocks no reads or writes of tasks', 'tasks has 100 rows, 8 kB'],
    [
      "000003: ALTER TABLE tasks ADD COLUMN name text NOT NULL DEFAULT ''",
      'run: blocks reads and writes of tasks',
      'tasks has 100 rows, 8 kB',
    ],
  ])
  expect([plan.risk, plan.blocked]).toEqual(['irreversible', []])
  const printed = renderPlan(plan, paint(false)).replace(/\s+/g, ' ')
  expect(printed).toContain(`what of it ${image('api')} reads fails from then on; a branch of "production"`)
  expect(printed).toContain('000003_name.sql: one transaction a file, and what its statements lock stays locked until its end')
  expect(printed).toContain('rollout restart deploy/api deploy/worker')
})

test('a rollback to an image from before: nothing is pending, and the schema is ahead of it', async () => {
  await migrationWorlds['two files pending'](sandbox())
  await startJob(sandbox(), nextImage)
  await jobBecomes(sandbox(), 'Complete')
  const { plan } = await prepare(migrate, { image: image('api'), rehearse: false }, systems(), contextOf(sandbox().environment))
  expect([plan.steps, plan.beyond[0]]).toEqual([
    [],
    `The schema is ahead of ${image('api')}, which has no file for version 3, 4: rolled back to, it runs on a schema it does not know`,
  ])
})

test.each([
  [
    'two files of one number',
    { '000003_a.sql': '-- +goose Up\nSELECT 1;\n', '000003_b.sql': '-- +goose Up\nSELECT 1;\n' },
    'goose refuses all files of the image',
  ],
  [
    'a Go file between',
    { '000003_backfill.go': 'package migrations\n', '000004_b.sql': '-- +goose Up\nSELECT 1;\n' },
    'goose stops at 000003_backfill.go',
  ],
  ['a byte order mark', { '000003_a.sql': '\ufeff-- +goose Up\nSELECT 1;\n' }, 'goose stops at 000003_a.sql'],
])('what goose refuses is refused without a rehearsal: %s', async (_, files, because) => {
  const asked = { image: await release(sandbox(), 'cccc009', files), rehearse: false }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  expect(plan.blocked).toEqual([expect.stringContaining(because)])
})

test('a licence written over an applied file is no edit of it', async () => {
  const init = await readFile(join(sandbox().environment.checkout, 'migrations/000001_init.sql'), 'utf8')
  const asked = {
    image: await release(sandbox(), 'cccc010', { '000001_init.sql': `-- SPDX-License-Identifier: MIT\n${init}` }),
    rehearse: false,
  }
  const { plan } = await prepare(migrate, asked, systems(), contextOf(sandbox().environment))
  expect([plan.steps, plan.blocked]).toEqual([[], []])
})
