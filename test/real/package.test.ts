import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../support/program.ts'

test('the package with PostgreSQL is one file of 70 MB installed at most, from which the sandbox with its database starts', () => {
  const place = mkdtempSync(join(tmpdir(), 'honeydue-installed-'))
  const run = (command: string, ...words: readonly string[]) =>
    execFileSync(command, words, { cwd: place, encoding: 'utf8', env: { PATH: `${dirname(process.execPath)}:/usr/bin:/bin`, HOME: place } })
  const program = join(place, 'bin/honeydue')
  try {
    const file = run(process.execPath, join(root, 'scripts/package.js'), '--with-postgres', '--to', place).trim()
    run('npm', 'install', '--global', '--offline', '--no-audit', '--no-fund', '--cache', join(place, 'cache'), '--prefix', place, file)
    expect(Number(run('du', '-sk', join(place, 'lib')).split('\t')[0])).toBeLessThanOrEqual(70 * 1024)
    run(program, 'sandbox:up', '--detach')
    expect(run(program, 'db:status', '--env', 'sandbox')).toContain('Nothing is wrong.')
  } finally {
    run(program, 'sandbox:down')
    rmSync(place, { recursive: true, force: true })
  }
})
