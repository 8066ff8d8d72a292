import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { identitiesOf } from '../../../src/lib/systems/nodes/identities.ts'
import { resolvedFrom } from '../../../src/lib/systems/nodes/resolved.ts'

const dir = mkdtempSync(join(tmpdir(), 'identities-'))
const at = (name: string) => join(dir, name)
beforeAll(() => {
  chmodSync(dir, 0o755)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at('key')])
  for (const name of ['unread', 'alone']) {
    copyFileSync(at('key'), at(name))
    chmodSync(at(name), 0)
  }
  for (const name of ['unread', 'folder', 'half', 'named']) copyFileSync(at('key.pub'), at(name === 'named' ? name : `${name}.pub`))
  for (const name of ['folder', 'bare']) mkdirSync(at(name))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Root reads everything: as somebody else, where it is root who tests. */
const asOther = async <T>(use: () => Promise<T>): Promise<T> => {
  const { geteuid, seteuid } = process
  if (geteuid?.() !== 0 || !seteuid) return use()
  seteuid.call(process, 65_534)
  try {
    return await use()
  } finally {
    seteuid.call(process, 0)
  }
}

const why = async (name: string) => {
  const values = new Map([
    ['identityfile', [name.startsWith('/') ? name : at(name)]],
    ['identityagent', ['none']],
  ])
  const { absent, methods, foreign } = await identitiesOf(resolvedFrom('hetzner1', values, []))
  return [...absent.map(({ because }) => because.replace(dir, '').replace(/by \S+$/, 'by us')), ...methods.map(() => 'usable'), ...foreign]
}

// As `ssh -v` has it: what is no file is tried and passed over, whatever stands beside it.
test('an identity is called what it is', async () => {
  // Both are loaded before it is somebody else who reads files.
  expect(await why('key')).toEqual(['usable'])
  expect(await asOther(() => Promise.all(['unread', 'alone', 'folder', 'bare', 'half', 'named', 'none', '/dev/null'].map(why)))).toEqual([
    ['/unread may not be read by us'],
    ['/alone may not be read by us'],
    ['/folder is a folder'],
    [],
    ['of /half the public half alone is there'],
    ['/named is a public key'],
    [],
    [],
  ])
})
