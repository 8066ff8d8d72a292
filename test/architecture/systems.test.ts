import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../../src/lib/systems/', import.meta.url))
const text = (file: string) => readFileSync(`${folder}${file}`, 'utf8')
const systems = readdirSync(folder, { withFileTypes: true })
  .filter((one) => one.isDirectory())
  .map(({ name }) => name)

test.each(systems)(
  '%s has the shape of a system: types, its two halves, what the writing half says, and one verb that makes it',
  (name) => {
    const files = readdirSync(`${folder}${name}`)
    const has = (file: string) => files.includes(file)
    expect(files).toContain('types.ts')
    expect(text(`${name}/types.ts`)).toMatch(new RegExp(`readonly ${name}: (?:System<|[A-Z])`))
    expect(text(`${name}/${name}.ts`)).toMatch(new RegExp(`^export const ${name}System = \\(`, 'm'))
    // What changes something has a file of its own, and so have the lines that do the same by hand.
    expect(has(`write-${name}.ts`)).toBe(has(`say-${name}.ts`))
    expect(has(`write-${name}.ts`)).toBe(!/write: \{\}/.test(text(`${name}/${name}.ts`)))
    if (has(`write-${name}.ts`)) expect(files).toContain(`read-${name}.ts`)
    expect(text('open.ts')).toContain(`./${name}/${name}.ts`)
  },
)
