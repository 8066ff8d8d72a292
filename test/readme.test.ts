import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { exitCodes, exitMeanings } from '../src/lib/errors.ts'
import { kindOf } from '../src/lib/runbook/kind.ts'
import { readPages } from '../src/lib/runbook/page.ts'
import { between } from './support/between.ts'

const root = fileURLToPath(new URL('../', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')
const { commands } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8')) as { commands: Record<string, { summary: string }> }

const table = (rows: readonly (readonly string[])[]): string => rows.map((row) => `| ${row.join(' | ')} |`).join('\n')

const commandTable = async (): Promise<string> => {
  const pages = await readPages(`${root}runbooks`)
  const rows = Object.entries(commands).map(([id, { summary }]) => {
    const page = pages.find(({ command }) => command === id)
    const section = page?.section === undefined ? '' : ` (§${page.section})`
    return [`\`${id}\``, page ? kindOf(page) : '', `${summary}${section}`]
  })
  return table([['Command', '', 'What it does'], ['---', '---', '---'], ...rows])
}

const exitTable = (): string => {
  const names = Object.keys(exitCodes) as readonly (keyof typeof exitCodes)[]
  return table([['Code', 'Meaning'], ['---', '---'], ...names.map((name) => [String(exitCodes[name]), exitMeanings[name]])])
}

test('the README’s tables are those of the code; npm run runbooks writes them anew', async () => {
  const now = between(between(readme, 'commands', await commandTable()), 'exit codes', exitTable())
  await expect(now).toMatchFileSnapshot(`${root}README.md`)
})

test('every command line of the README names a command', () => {
  const named = [...readme.matchAll(/(?:honeydue|run\.js) ([a-z]+)(?:[: ]([a-z][a-z-]+))?(?![\w:-])/g)]
    .filter(([, , verb], i, all) => verb !== undefined || commands[all[i]?.[1] ?? ''] !== undefined)
    // `completion bash` is a command with an argument, not a topic.
    .map(([, topic = '', verb]) => (verb === undefined || commands[topic] ? topic : `${topic}:${verb}`))
  expect(named.length).toBeGreaterThan(3)
  expect(named.filter((id) => commands[id] === undefined)).toEqual([])
})

test('every command of the table of systems is one, and no cell of it is empty', () => {
  const systems = readFileSync(`${root}docs/systems.md`, 'utf8')
  const named = [...systems.matchAll(/`([a-z]+:[a-z-]+|latency|providers)`/g)].map(([, id = '']) => id)
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((id) => commands[id] === undefined)).toEqual([])
  const rows = systems.split('\n').filter((line) => line.startsWith('| '))
  expect(rows.length).toBeGreaterThan(15)
  expect(
    rows.filter(
      (row) =>
        row
          .split('|')
          .slice(1, -1)
          .some((cell) => cell.trim() === '') || row.split('|').length !== 6,
    ),
  ).toEqual([])
})
