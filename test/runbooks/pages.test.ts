import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { rowsOfQuestion } from '../../src/lib/cli/plan-shown.ts'
import { paint } from '../../src/lib/cli/render.ts'
import { renderBrief } from '../../src/lib/cli/render-brief.ts'
import { renderPlan } from '../../src/lib/cli/render-plan.ts'
import { columnsOf } from '../../src/lib/cli/wrap.ts'
import type { Plan } from '../../src/lib/plan/plan.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { pageFile, parsePage, partOf } from '../../src/lib/runbook/page.ts'
import { useSandbox } from '../support/worlds.ts'
import { generated } from './generate.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = readdirSync(`${root}runbooks`).map((file) => {
  const source = readFileSync(`${root}runbooks/${file}`, 'utf8')
  return { file, source, page: parsePage(source) }
})
const { commands } = JSON.parse(readFileSync(`${root}oclif.manifest.json`, 'utf8')) as {
  commands: Record<string, { summary: string; flags: Record<string, unknown> }>
}

const frontMatter = z.strictObject({
  command: z.string(),
  section: z.int().min(1).max(28).optional(),
  symptoms: z.array(z.string().min(8)).min(2),
  examples: z
    .array(
      z.strictObject({ flags: z.string().optional(), world: z.string().optional(), with: z.record(z.string(), z.string()).optional() }),
    )
    .min(1)
    .optional(),
  names: z.record(z.string(), z.string()).optional(),
  title: z.string(),
  text: z.string(),
})

describe.each(pages)('$file', ({ file, page }) => {
  test('its front matter says the command, and its title is the command’s summary', () => {
    expect(frontMatter.parse(page)).toEqual(page)
    expect(file).toBe(pageFile(page.command))
    expect(page.title).toBe(commands[page.command]?.summary)
  })

  test('it has the parts of a page, none of them empty', () => {
    const parts =
      page.command in procedures ? ['When', 'What it does', 'By hand', 'If it goes wrong', 'Related incidents'] : ['When', 'What it shows']
    for (const part of parts) expect(partOf(page, part).length, part).toBeGreaterThan(20)
  })

  test('every command that it names exists', () => {
    const named = [...page.text.matchAll(/honeydue ([a-z][a-z-]*:[a-z-]+)/g)].map(([, id]) => id)
    expect(named.filter((id) => id === undefined || commands[id] === undefined)).toEqual([])
  })

  test('every flag that it names is one of the command beside it, or of its own', () => {
    const calls = [...page.text.matchAll(/honeydue ([a-z][a-z-]*:[a-z-]+)([^\n`#]*)/g)].map(([, id = '', rest = '']) => [id, rest] as const)
    const own = [...page.text.matchAll(/`(--[a-z][^`]*)`/g)].map(([, rest = '']) => [page.command, rest] as const)
    const unknown = [...calls, ...own].flatMap(([id, rest]) =>
      [...rest.matchAll(/(?<=^| |\|)--([a-z][a-z-]*)/g)].flatMap(([flag, name = '']) =>
        commands[id]?.flags[name] === undefined ? [`${id} ${flag}`] : [],
      ),
    )
    expect(unknown, `honeydue ${page.command} --help lists them; npm run build after a change`).toEqual([])
  })
})

/** A terminal of 80 columns and 24 rows, with the question below the plan. */
const screen = { columns: 80, rows: 24 - rowsOfQuestion }

/** Rows of each plan on that screen, beside those of its details; printed as a table. */
const heights: (readonly [words: string, brief: number, details: number])[] = []

/** What the screen must hold of a plan: all that it changes by number, what cannot be taken back, and no line that the terminal would break. */
const fits = (words: string, plan: Plan): void => {
  const lines = renderBrief(plan, paint(false), screen)
  heights.push([words, lines.length, renderPlan(plan, paint(false)).split('\n').length])
  expect(lines.length, `${words}\n${lines.join('\n')}`).toBeLessThanOrEqual(screen.rows)
  expect(lines.filter((line) => columnsOf(line) > screen.columns)).toEqual([])
  const text = lines.join(' ').replace(/\s+/g, ' ')
  if (plan.noReturn === undefined) expect(text).toContain('every step can be taken back')
  else expect(text).toContain(`no return from step ${plan.noReturn + 1} on: ${plan.steps[plan.noReturn]?.undo}`.replace(/\s+/g, ' '))
  expect(text).not.toMatch(/ \$ |kubectl -n \S+ (patch|rollout|delete)/)
}

describe('what is generated is the plan that the sandbox gives; npm run runbooks writes it anew', () => {
  const sandbox = useSandbox()
  afterAll(() => {
    const rows = [...heights]
      .sort(([, a], [, b]) => b - a)
      .map(([words, brief, details]) => `${String(brief).padStart(4)} ${String(details).padStart(8)}  ${words}`)
    process.stdout.write(`\nRows at 80 columns, beside ${rowsOfQuestion} for the question:\nplan  details  command\n${rows.join('\n')}\n`)
  })
  test.each(pages.filter(({ page }) => page.command in procedures))('$file', async ({ file, source, page }) => {
    const procedure = await procedures[page.command as keyof typeof procedures]()
    expect(page.section).toBe(procedure.section)
    const now = await generated(source, page, procedure, sandbox(), fits)
    // A node asks itself at 443, its API at 6443, etcd at 2381.
    expect(now).not.toMatch(/(?<!443:)127\.0\.0\.1(?!:(?:443|6443|2381)\b)|\/tmp\/|\d{4}-\d\d-\d\d[T ]\d\d:\d\d|PLANTED/)
    await expect(now).toMatchFileSnapshot(`${root}runbooks/${file}`)
  })
})
