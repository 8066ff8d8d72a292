import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { readServed, servedScript } from '../../../src/lib/systems/nodes/served.ts'
import { installed } from '../../support/installed.ts'

/** Runs the script where `openssl` is this one. */
const answers = (openssl: string, names: readonly string[], limit: number) => {
  const dir = mkdtempSync(join(tmpdir(), 'served-'))
  try {
    writeFileSync(join(dir, 'openssl'), `#!/bin/sh\n${openssl}\n`)
    chmodSync(join(dir, 'openssl'), 0o755)
    const env = { ...process.env, PATH: `${dir}${delimiter}${process.env['PATH']}` }
    const { status, stdout } = spawnSync('/bin/sh', ['-c', servedScript(names, limit)], { env, encoding: 'utf8', timeout: 15_000 })
    expect(status).toBe(0)
    return readServed(stdout, names)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

const pem = "printf -- '-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n'"

test('a name for which 443 takes the connection and says nothing has no certificate, and holds up no other', () => {
  installed('timeout', 'coreutils')
  const found = answers(`case "$*" in *mute*) exec sleep 60 ;; esac; ${pem}`, ['mute.example', 'a.example', '*.example'], 1)
  expect(found.map(({ name, certificate }) => [name, certificate?.includes('MIIB') ?? false])).toEqual([
    ['mute.example', false],
    ['a.example', true],
    ['*.example', true],
  ])
})
