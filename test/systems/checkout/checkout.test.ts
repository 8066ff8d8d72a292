import { lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { Moved } from '../../../src/lib/errors.ts'
import { checkoutSystem } from '../../../src/lib/systems/checkout/checkout.ts'
import { replaceFile } from '../../../src/lib/systems/checkout/replace-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'checkout-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const { read, write } = checkoutSystem(dir)

const config = `# old.example is named here too
database:
  host: "old.example"   # old.example, the pooler
  port: 5432
others: [ old.example, other.example ]
old.example: key
`

test('finds the scalars that equal a value, and changes one without touching a byte beside it', async () => {
  writeFileSync(join(dir, 'config.yaml'), config, { mode: 0o600 })
  expect(await read.scalars('config.yaml', 'old.example')).toEqual([
    { key: 'database.host', line: 3 },
    { key: 'others', line: 5 },
  ])
  await write.setScalar({ file: 'config.yaml', key: 'database.host', line: 3, from: 'old.example', to: 'new.example' })
  expect(readFileSync(join(dir, 'config.yaml'), 'utf8')).toBe(config.replace('"old.example"', '"new.example"'))
  expect(statSync(join(dir, 'config.yaml')).mode & 0o777).toBe(0o600)
})

test('a value that is another now is a moved world; a file that is not there has no scalars', async () => {
  await expect(
    write.setScalar({ file: 'config.yaml', key: 'database.host', line: 3, from: 'old.example', to: 'x' }),
  ).rejects.toBeInstanceOf(Moved)
  expect(await read.scalars('absent.yaml', 'x')).toBeUndefined()
  expect(await read.text('absent.yaml')).toBeUndefined()
})

test.each([0o000, 0o022, 0o077, 0o777])(
  'F19: under umask %o a replaced file keeps its mode, its link and what the link leads to',
  async (mask) => {
    const before = process.umask(mask)
    try {
      for (const mode of [0o644, 0o600]) {
        const [real, link] = [join(dir, `real-${mode}.yaml`), join(dir, `link-${mode}.yaml`)]
        process.umask(0)
        rmSync(real, { force: true })
        rmSync(link, { force: true })
        writeFileSync(real, 'host: old.example\n', { mode })
        symlinkSync(real, link)
        process.umask(mask)
        await write.setScalar({ file: `link-${mode}.yaml`, key: 'host', line: 1, from: 'old.example', to: 'new.example' })
        expect([readFileSync(real, 'utf8'), statSync(real).mode & 0o777, lstatSync(link).isSymbolicLink()]).toEqual([
          'host: new.example\n',
          mode,
          true,
        ])
        await replaceFile(link, 'whole\n', 0o600)
        expect([readFileSync(real, 'utf8'), statSync(real).mode & 0o777, lstatSync(link).isSymbolicLink()]).toEqual([
          'whole\n',
          0o600,
          true,
        ])
      }
    } finally {
      process.umask(before)
    }
  },
)
