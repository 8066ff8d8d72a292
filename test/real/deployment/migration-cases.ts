import { migrationWorlds, nextImage, observeMigrations } from '../../support/migration-worlds.ts'
import { inTransaction, release, versionsOf } from '../../support/migrations.ts'
import { ask, type Case, done, said } from './say.ts'
import { type Deployment, rotate } from './world.ts'

type World = keyof typeof migrationWorlds

const arranged = (world: Deployment, name: World) => migrationWorlds[name](world.sandbox)

const report = (name: World, expected: object): Case => ({
  name: `db:migrations: ${name}`,
  expected,
  give: async (world) => {
    await arranged(world, name)
    const ended = await ask(world, 'db:migrations', '--image', nextImage)
    const { job } = ended.document.data as {
      readonly job: { readonly outcome: string; readonly failure?: { readonly sqlState?: string } } | null
    }
    return { ...said(ended), ...(job && { job: job.outcome, sqlState: job.failure?.sqlState }) }
  },
})

/** Runs it, and says what it did and which versions stand in goose's table then. */
const run = async (world: Deployment, ...words: readonly string[]) => ({
  ...done(await ask(world, ...words, '--image', nextImage, '--confirm', 'honeyDue')),
  versions: (await versionsOf(world.sandbox)).join(' '),
})

const procedure = (words: readonly [string, ...string[]], name: World, expected: object): Case => ({
  name: `${words.join(' ')}: ${name}`,
  expected,
  give: async (world) => {
    await arranged(world, name)
    return run(world, ...words)
  },
})

/** The same where nothing is to change: database, Job and the files' versions are as they were. */
const refused = (words: readonly [string, ...string[]], name: World, expected: object): Case => {
  const one = procedure(words, name, { ...expected, untouched: true })
  return {
    ...one,
    give: async (world) => {
      await arranged(world, name)
      const before = JSON.stringify(await observeMigrations(world.sandbox))
      const ended = await run(world, ...words)
      return { ...ended, untouched: JSON.stringify(await observeMigrations(world.sandbox)) === before }
    },
  }
}

const mayNot = (detail: string) => ({ code: 3, error: 'checks-failed', details: [detail] })
const gooseSaid =
  'goose run: ERROR 000005_c.sql: failed to run SQL migration: failed to execute SQL query "ALTER TABLE tasks DROP COLUMN nonsense;": ERROR: column "nonsense" of relation "tasks" does not exist (SQLSTATE 42703)'
const bothPending = '2 pending: 000003_notes.sql, 000004_due.sql'

const reports: readonly Case[] = [
  report('nothing pending', { code: 0, findings: [] }),
  report('two files pending', { code: 0, findings: [bothPending] }),
  report('a failing statement in the third of four files', {
    code: 3,
    findings: [`The last Job failed: ${gooseSaid}`, '2 pending: 000005_c.sql, 000006_d.sql'],
    job: 'failed',
    sqlState: '42703',
  }),
  report('an edited file', {
    code: 3,
    findings: ['000001_init.sql was changed by COMMIT, after it was applied: goose does not notice', bothPending],
  }),
]

const migrations: readonly Case[] = [
  procedure(['db:migrate'], 'two files pending', { code: 0, states: 'proven done', versions: '0 1 2 3 4' }),
  procedure(['db:migrate'], 'nothing pending', { code: 0, states: '', versions: '0 1 2' }),
  refused(['db:migrate', '--dry-run'], 'two files pending', { code: 0, versions: '0 1 2' }),
  procedure(['db:migrate'], 'four files pending, the third fails', {
    code: 5,
    states: 'proven unverified',
    error: 'cannot-hold',
    versions: '0 1 2 3 4',
  }),
  refused(['db:migrate'], 'a failing statement in the third of four files', {
    ...mayNot('the last Job failed at 000005_c.sql with this image: db:recover-migration finds the way out'),
    versions: '0 1 2 3 4',
  }),
  refused(['db:migrate'], 'an edited file', {
    ...mayNot('000001_init.sql was changed by COMMIT after it was applied'),
    versions: '0 1 2',
  }),
  refused(['db:migrate'], 'a late number', {
    ...mayNot('000003_late.sql came late: version 4 is applied, and goose stops there'),
    versions: '0 1 2 4',
  }),
  {
    name: 'db:migrate: the password of the role is another',
    expected: { code: 9, error: 'postgres-password', versions: '0 1 2' },
    give: async (world) => {
      await arranged(world, 'two files pending')
      rotate(world, 'POSTGRES_PASSWORD', 'another')
      return run(world, 'db:migrate')
    },
  },
]

const recoveries: readonly Case[] = [
  refused(['db:recover-migration', '--way', 'mark'], 'a failing statement in the third of four files', {
    ...mayNot(`--way mark does not fit: nothing of 000005_c.sql is there; ${gooseSaid}`),
    versions: '0 1 2 3 4',
  }),
  {
    name: 'db:recover-migration --way rerun: a failing statement, and what it met is changed',
    expected: { code: 0, states: 'proven done done', versions: '0 1 2 3 4 5 6' },
    give: async (world) => {
      await arranged(world, 'a failing statement in the third of four files')
      await world.postgres.admin('ALTER TABLE tasks ADD COLUMN nonsense text')
      return run(world, 'db:recover-migration', '--way', 'rerun')
    },
  },
  {
    name: 'db:migrate: a failing statement, and the file is right in a new image',
    expected: { code: 0, states: 'proven done done', versions: '0 1 2 3 4 5 6' },
    give: async (world) => {
      await arranged(world, 'a failing statement in the third of four files')
      const files = { '000005_c.sql': inTransaction('CREATE TABLE c (id int);') }
      const next = await release(world.sandbox, 'cccc002', files)
      const ended = done(await ask(world, 'db:migrate', '--image', next, '--confirm', 'honeyDue'))
      return { ...ended, versions: (await versionsOf(world.sandbox)).join(' ') }
    },
  },
  procedure(['db:recover-migration'], 'a Job killed in a transaction', { code: 0, states: 'proven done', versions: '0 1 2 3' }),
  procedure(['db:recover-migration'], 'a Job killed without a transaction, after its statement', {
    code: 0,
    states: 'done',
    versions: '0 1 2 3',
  }),
  refused(['db:recover-migration'], 'an index left invalid', { code: 2, error: 'gate-needs-terminal', versions: '0 1 2' }),
  procedure(['db:recover-migration'], 'an invalid index that goose recorded', { code: 0, states: 'done', versions: '0 1 2 3' }),
  refused(['db:recover-migration', '--dry-run'], 'a killed Job whose statement goes on', { code: 0, versions: '0 1 2' }),
  refused(['db:recover-migration', '--way', 'mark'], 'a late number', {
    ...mayNot('--way mark does not fit: 000003_late.sql came late: version 4 is applied'),
    versions: '0 1 2 4',
  }),
]

const baselines: readonly Case[] = [
  procedure(['db:bootstrap-goose'], 'a table without versions', { code: 0, states: 'done', versions: '0 1' }),
  {
    name: 'db:bootstrap-goose: a schema that the baseline does not build',
    expected: { ...mayNot('column tasks.stray is in the database alone'), versions: '0' },
    give: async (world) => {
      await arranged(world, 'a table without versions')
      await world.postgres.admin('ALTER TABLE tasks ADD COLUMN stray text')
      return run(world, 'db:bootstrap-goose')
    },
  },
]

/** db:migrations, db:migrate, db:recover-migration and db:bootstrap-goose. */
export const migrationCases: readonly Case[] = [...reports, ...migrations, ...recoveries, ...baselines]
