import { stripVTControlCharacters } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { honeydue, requireBuild } from '../support/program.ts'

beforeAll(requireBuild)

test('runbook:list has a line a page, and as JSON what each is for', async () => {
  const { code, stdout } = await honeydue(['runbook:list'])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^§23 +cache:invalidate +changes +Invalidate the residence-IDs cache of a user$/m)
  expect(stdout).toMatch(/^ +nodes:status +looks /m)
  const { pages } = JSON.parse((await honeydue(['runbook', 'list', '--json'])).stdout)
  expect(pages).toContainEqual(expect.objectContaining({ command: 'cache:invalidate', section: 23, changes: true }))
})

test('runbook:show gives a pipe the Markdown of the page, by section or by command', async () => {
  const [section, command] = await Promise.all([honeydue(['runbook:show', '§23']), honeydue(['runbook', 'show', 'cache', 'invalidate'])])
  expect(section).toEqual(command)
  expect(section.code).toBe(0)
  expect(section.stdout).toMatch(/^# Invalidate the residence-IDs cache of a user\n\n## When\n/)
  expect(section.stdout).not.toContain('<!--')
  expect(stripVTControlCharacters(section.stdout)).toBe(section.stdout)
})

test('a page that is not there is a usage error with the nearest one', async () => {
  const { code, stdout, stderr } = await honeydue(['runbook:show', 'stale', 'residences'])
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('next    honeydue runbook:show cache:invalidate')
})
