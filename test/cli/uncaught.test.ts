import { beforeAll, expect, test } from 'vitest'
import { hostile, rawControls } from '../support/hostile.ts'
import { honeydue, requireBuild } from '../support/program.ts'

beforeAll(requireBuild)

test('what is thrown in an event ends the program by its own word, without what a terminal obeys', async () => {
  const thrown = `setImmediate(() => { throw new Error(${JSON.stringify(`no such pod ${hostile}`)}) })`
  const preload = `process.on('newListener', (name) => { if (name === 'uncaughtException') ${thrown} })`
  const { code, stdout, stderr } = await honeydue(['runbook:list'], {
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` },
  })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^failed {2}no such pod \\x1b\[9A/)
  expect(stderr).toContain('cause   A bug in honeydue')
  expect(rawControls(stderr)).toEqual([])
})
