import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { checkoutSystem } from '../../../src/lib/systems/checkout/checkout.ts'

const dir = mkdtempSync(join(tmpdir(), 'checkout-links-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const git = (...args: readonly string[]) =>
  execFileSync('git', ['-C', dir, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], { stdio: ['ignore', 'pipe', 'ignore'] })

test('a link in a folder is what git has of it, wherever it leads; a folder and a module of another repository are folders, a pipe is nothing', async () => {
  const folder = join(dir, 'migrations')
  mkdirSync(join(folder, '7_folder.sql'), { recursive: true })
  writeFileSync(join(folder, '7_folder.sql', 'inside'), 'SELECT 1;')
  writeFileSync(join(folder, '1_a.sql'), '-- +goose Up\nSELECT 1;\n')
  writeFileSync(join(folder, '9_z.sql'), '-- +goose Up\nSELECT 9;\n')
  symlinkSync('/etc/passwd', join(folder, '2_passwd.sql'))
  symlinkSync('/', join(folder, '3_root.sql'))
  symlinkSync('/dev/zero', join(folder, '4_zero.sql'))
  symlinkSync('6_pipe.sql', join(folder, '5_to_pipe.sql'))
  symlinkSync('nowhere', join(folder, '8_gone.sql'))
  git('init', '-q')
  git('add', '.')
  git('update-index', '--add', '--cacheinfo', '160000,0123456789012345678901234567890123456789,migrations/0_module.sql')
  git('commit', '-q', '-m', 'x')
  git('tag', 'v1')
  // git has no word for it.
  execFileSync('mkfifo', [join(folder, '6_pipe.sql')])
  const { read } = checkoutSystem(dir)
  const expected = [
    { name: '1_a.sql', text: '-- +goose Up\nSELECT 1;\n' },
    { name: '2_passwd.sql', text: '/etc/passwd', odd: 'link' },
    { name: '3_root.sql', text: '/', odd: 'link' },
    { name: '4_zero.sql', text: '/dev/zero', odd: 'link' },
    { name: '5_to_pipe.sql', text: '6_pipe.sql', odd: 'link' },
    { name: '7_folder.sql', text: '', odd: 'folder' },
    { name: '8_gone.sql', text: 'nowhere', odd: 'link' },
    { name: '9_z.sql', text: '-- +goose Up\nSELECT 9;\n' },
  ]
  expect(await read.filesAt('v1', 'migrations')).toEqual([{ name: '0_module.sql', text: '', odd: 'folder' }, ...expected])
  expect(await read.files('migrations')).toEqual(expected)
})
