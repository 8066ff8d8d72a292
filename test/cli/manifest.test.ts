import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const files = readdirSync(`${root}src/commands`, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const { commands } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8')) as {
  commands: Record<string, { summary?: string; flags: object }>
}

test('the manifest has every command, its summary and its flags as the source has them', async () => {
  const live = await Promise.all(
    files.map(async (file) => {
      const { default: command } = await import(`${root}src/commands/${file}`)
      const json = command.enableJsonFlag ? ['json'] : []
      const flags = [...new Set([...Object.keys(command.baseFlags ?? {}), ...Object.keys(command.flags ?? {}), ...json])].sort()
      return [file.slice(0, -3).replaceAll(/[/\\]/g, ':'), { summary: command.summary, flags }] as const
    }),
  )
  const kept = Object.entries(commands).map(([id, { summary, flags }]) => [id, { summary, flags: Object.keys(flags).sort() }])
  expect(Object.fromEntries(kept), 'next: npm run build, and commit oclif.manifest.json').toEqual(Object.fromEntries(live))
})

test('every topic says in words of its own what it is about', () => {
  const { oclif } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as {
    oclif: { topics: Record<string, { description: string }> }
  }
  const topics = new Set(Object.keys(commands).flatMap((id) => (id.includes(':') ? [id.split(':')[0] ?? ''] : [])))
  expect(
    [...topics].filter((topic) => (oclif.topics[topic]?.description ?? '') === ''),
    'next: write it into package.json, oclif.topics',
  ).toEqual([])
})
