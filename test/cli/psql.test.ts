import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { findPsql, openPsql, psqlEnvironment } from '../../src/lib/cli/psql.ts'
import { Usage } from '../../src/lib/errors.ts'
import { Secret } from '../../src/lib/secret.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
const folderWith = (script: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'honeydue-psql-test-'))
  folders.push(folder)
  writeFileSync(join(folder, 'psql'), script)
  chmodSync(join(folder, 'psql'), 0o755)
  return folder
}
const environmentOf = (write: boolean, env: NodeJS.ProcessEnv = process.env) => {
  const { environment, postgres } = sandbox()
  const target = {
    host: postgres.directHost,
    port: 5432,
    user: postgres.user,
    database: postgres.database,
    password: new Secret(postgres.password),
  }
  return psqlEnvironment(env, target, { write, hostaddr: environment.hostaddr, authorities: environment.ca ?? '' })
}

test('a missing psql is said before anything else', () => {
  expect(() => findPsql({ PATH: '/nonexistent' })).toThrow(Usage)
  const folder = folderWith('#!/bin/sh\n')
  expect(findPsql({ PATH: `/nonexistent:${folder}` })).toBe(join(folder, 'psql'))
})

test('psql is told everything by its environment, nothing by its arguments, and its exit code comes back', async () => {
  const folder = folderWith('#!/bin/sh\n[ $# -eq 0 ] && [ -r "$PGSSLROOTCERT" ] && [ "$PGDATABASE" = honeyDue ] && exit 7\nexit 1\n')
  expect(
    await openPsql(findPsql({ PATH: folder }), (authorities) => ({ ...environmentOf(false), PGSSLROOTCERT: authorities }), undefined),
  ).toBe(7)
  const env = environmentOf(false, { PATH: '/bin', PGSERVICE: 'another', PGHOST: 'another' })
  expect(env).toMatchObject({ PATH: '/bin', PGHOST: sandbox().postgres.directHost, PGHOSTADDR: '127.0.0.1', PGSSLMODE: 'verify-full' })
  expect(env.PGSERVICE).toBeUndefined()
})

test('the session is read-only and waits five seconds for a lock at most, where this machine has psql', async () => {
  const real = await promisify(execFile)('psql', ['--version']).catch(() => undefined)
  if (real === undefined) return
  const ask = async (write: boolean) =>
    (
      await promisify(execFile)('psql', ['-Atc', "SELECT current_setting('transaction_read_only'), current_setting('lock_timeout')"], {
        env: environmentOf(write),
      })
    ).stdout.trim()
  expect([await ask(false), await ask(true)]).toEqual(['on|5s', 'off|5s'])
})
