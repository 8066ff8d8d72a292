import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { inTransaction, jobOf, release, versionsOf } from '../support/migrations.ts'
import { confirmed as confirmedBy, honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox({ postgres: true })
const folder = mkdtempSync(join(tmpdir(), 'honeydue-database-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const slow = { timeout: 240_000 }
const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  honeydue([...words, '--env', join(sandbox().dir, 'environment.yaml')], { within: 60_000, env })
const confirmed = async (...words: readonly string[]) => {
  const { code, stdout, stderr } = await confirmedBy([...words, '--env', join(sandbox().dir, 'environment.yaml')], { within: 60_000 })
  for (const secret of plantedValues) expect(stdout + stderr).not.toContain(secret)
  return { code, said: `${stdout}${stderr}`.replace(/\s+/g, ' ') }
}
const emptied = () => sandbox().postgres.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION neondb_owner')

test('an empty database is migrated from its start; where its first file failed, it is run again', slow, async () => {
  await emptied()
  const init = readFileSync(join(sandbox().environment.checkout, 'migrations/000001_init.sql'), 'utf8')
  const broken = await release(sandbox(), 'dddd001', {
    '000001_init.sql': init.replace('-- +goose Down', 'SELECT nonsense;\n-- +goose Down'),
  })
  const failed = await confirmed('db:bootstrap-goose', '--image', broken)
  expect(failed).toMatchObject({ code: 5, said: expect.stringContaining('000001_init.sql: failed to run SQL migration') })
  // goose's own table is there, and nothing else.
  expect(await versionsOf(sandbox())).toEqual([0])
  const right = await release(sandbox(), 'dddd002', { '000001_init.sql': init })
  expect((await confirmed('db:bootstrap-goose', '--image', right)).code).toBe(0)
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2])
  const before = jobOf(sandbox())?.metadata.uid
  expect(await confirmed('db:bootstrap-goose', '--image', right)).toMatchObject({ code: 0 })
  expect(jobOf(sandbox())?.metadata.uid).toBe(before)
})

test('a run from the start that stopped at a later file is no bootstrap any more: db:recover-migration goes on', slow, async () => {
  await emptied()
  const broken = await release(sandbox(), 'dddd003', { '000003_bad.sql': inTransaction('SELECT nonsense;') })
  const stopped = await confirmed('db:bootstrap-goose', '--image', broken)
  expect(stopped).toMatchObject({
    code: 5,
    said: expect.stringContaining(`next honeydue db:recover-migration --env ${join(sandbox().dir, 'environment.yaml')} --dry-run`),
  })
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2])
  const again = await confirmed('db:bootstrap-goose', '--image', broken)
  expect(again).toMatchObject({ code: 3, said: expect.stringContaining('stopped before 000003_bad.sql: db:recover-migration goes on') })
  const found = await run(['db:recover-migration', '--image', broken, '--dry-run'])
  expect(found.stdout.replace(/\s+/g, ' ')).toContain('What version 3 failed at is put right')
  const right = await release(sandbox(), 'dddd004', { '000003_bad.sql': inTransaction('CREATE TABLE good (id int);') })
  expect((await confirmed('db:migrate', '--image', right)).code).toBe(0)
  expect(await versionsOf(sandbox())).toEqual([0, 1, 2, 3])
})

test('db:psql: no password in any command line, read-only unless --write, and not through a pooler', slow, async () => {
  const script = [
    '#!/bin/sh',
    'for pid in $$ $PPID; do if [ -r /proc/$pid/cmdline ]; then tr "\\0" " " < /proc/$pid/cmdline; else ps -o args= -p $pid; fi; echo; done',
    'echo "options $PGOPTIONS"; echo "host $PGHOST"; [ -n "$PGPASSWORD" ] && echo "password given"',
  ]
  writeFileSync(join(folder, 'psql'), script.join('\n'))
  chmodSync(join(folder, 'psql'), 0o755)
  const env = { PATH: `${folder}:${process.env['PATH']}` }
  const { postgres } = sandbox()
  for (const [words, options] of [
    [[], '-c lock_timeout=5s -c default_transaction_read_only=on'],
    [['--write'], '-c lock_timeout=5s'],
  ] as const) {
    const { code, stdout, stderr } = await run(['db:psql', ...words], env)
    expect([code, stdout.split('\n').slice(-4, -1)]).toEqual([0, [`options ${options}`, `host ${postgres.directHost}`, 'password given']])
    expect(stdout + stderr).not.toContain(postgres.password)
    expect(stderr).toContain(words.length === 0 ? 'read-only' : 'with the right to write')
  }
  const swapped = readFileSync(join(sandbox().dir, 'environment.yaml'), 'utf8').replace(/^(\s+direct: ).*$/m, `$1${postgres.poolerHost}`)
  writeFileSync(join(folder, 'swapped.yaml'), swapped)
  const refused = await honeydue(['db:psql', '--env', join(folder, 'swapped.yaml')], { env })
  expect([refused.code, refused.stdout]).toEqual([3, ''])
  expect(refused.stderr.replace(/\s+/g, ' ')).toContain('answers as a pooler')
})
