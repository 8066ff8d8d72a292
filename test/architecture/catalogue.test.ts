import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { procedures } from '../../src/lib/procedures/index.ts'
import { reports } from '../../src/lib/reports/index.ts'
import { pageFile } from '../../src/lib/runbook/page.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const commands = readdirSync(`${root}src/commands`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => ({ id: file.slice(0, -3).replaceAll(/[/\\]/g, ':'), text: readFileSync(`${root}src/commands/${file}`, 'utf8') }))
const commandsThat = (carry: string) => commands.filter(({ text }) => text.includes(`export default ${carry}(`)).map(({ id }) => id)

/** What to do where an index and the commands differ. */
const lineOf = (part: 'procedures' | 'reports') =>
  `next: put into src/lib/${part}/index.ts, or take out of it, a line like\n  'topic:verb': async () => (await import('./topic/verb.ts')).verb,\nnpm run new topic:verb${part === 'reports' ? ' -- --report' : ''} does so for a new one; then`

test('the index of procedures has every command that carries one out, and nothing else', () => {
  expect(Object.keys(procedures).sort(), lineOf('procedures')).toEqual(commandsThat('procedureCommand').sort())
})

test('the index of reports has every command that shows one, and nothing else', () => {
  expect(Object.keys(reports).sort(), lineOf('reports')).toEqual(commandsThat('reportCommand').sort())
})

test('every procedure and report goes by the id under which it is listed, and lies where its id says', async () => {
  for (const [id, load] of Object.entries(procedures)) {
    expect((await load()).id).toBe(id)
    expect(existsSync(`${root}src/lib/procedures/${id.replace(':', '/')}.ts`)).toBe(true)
  }
  for (const [id, load] of Object.entries(reports)) {
    expect((await load()).id).toBe(id)
    expect(existsSync(`${root}src/lib/reports/${id.replace(':', '/')}.ts`)).toBe(true)
  }
})

test('listing them imports none of them', () => {
  for (const part of ['procedures', 'reports']) {
    const imports = readFileSync(`${root}src/lib/${part}/index.ts`, 'utf8').match(/^(?:import|export) (?!type|const).*$/gm) ?? []
    expect(imports).toEqual([])
  }
})

test('every procedure and report has its page of the runbook; CONTRIBUTING.md says what stands in it', () => {
  const without = [...Object.keys(procedures), ...Object.keys(reports)].filter((id) => !existsSync(`${root}runbooks/${pageFile(id)}`))
  expect(without, 'next: write runbooks/<topic>-<verb>.md as CONTRIBUTING.md says, then npm run runbooks; without a page').toEqual([])
})

test('every procedure is held to the laws, where it has work and where it is refused', () => {
  const held = readdirSync(`${root}test/laws`)
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => readFileSync(`${root}test/laws/${file}`, 'utf8'))
  for (const id of Object.keys(procedures)) {
    const text = held.find((file) => file.includes(`/procedures/${id.replace(':', '/')}.ts'`)) ?? ''
    for (const meets of ['work', 'refusal'])
      expect(
        text,
        `next: write test/laws/${id.replace(':', '-')}.test.ts, as npm run new does, with a world that meets '${meets}'`,
      ).toContain(meets === 'refusal' ? 'refused' : `'${meets}'`)
  }
})
