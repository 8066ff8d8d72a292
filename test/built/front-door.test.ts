import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { honeydue, requireBuild } from '../support/program.ts'
import { openTerminal } from '../support/terminal.ts'
import { useSandbox, worlds } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()
const environment = () => join(sandbox().dir, 'environment.yaml')

test('by a symptom to the procedure, its question, its plan and its proof; at the end stands the line for next time', async () => {
  const terminal = openTerminal(['--env', environment()])
  await terminal.until('What is wrong, or what is to be done?')
  terminal.type('user sees old residences')
  await terminal.until('to be done? user sees old residences')
  await terminal.until('❯ §23  cache:invalidate')
  terminal.type('\r')
  await terminal.until('One user sees a wrong set of residences')
  await terminal.until('Which users (their ids)?')
  terminal.type('7, 8\r')
  const { code, text } = await terminal.end()
  expect(text).toContain('Delete residence_ids_user:8')
  expect(text).toContain('Done, and seen to hold.')
  expect(text.trimEnd().split('\n').at(-1)).toBe(`honeydue cache:invalidate --env ${environment()} --user 7 --user 8`)
  expect(code).toBe(0)
  const keys = sandbox().redis.store.keys()
  expect([keys.includes('residence_ids_user:7'), keys.includes('residence_ids_user:9')]).toEqual([false, true])
})

test('a report that asks nothing says its line too, and keeps its exit code', async () => {
  await worlds['one node down'](sandbox())
  const terminal = openTerminal(['--env', environment()])
  await terminal.until('to be done?')
  terminal.type('nodes:status')
  await terminal.until('to be done? nodes:status')
  await terminal.until('❯      nodes:status')
  terminal.type('\r')
  // What the report names next is no line of ours (ssh): nothing is offered.
  const { code, text } = await terminal.end()
  expect(text.trimEnd().split('\n').at(-1)).toBe(`honeydue nodes:status --env ${environment()}`)
  expect(code).toBe(3)
})

test('from a report to the cure that it names, its plan and its question, on the same screen; declined, the report is the last word', async () => {
  sandbox().postgres.behave('pooler', { answer: 'silence' })
  const opened = async (answer: string) => {
    const terminal = openTerminal(['--env', environment()])
    await terminal.until('to be done?')
    terminal.type('db:status')
    await terminal.until('❯      db:status')
    terminal.type('\r')
    await terminal.until('Go on with honeydue db:switch-host')
    terminal.type(answer)
    return terminal
  }
  const left = await (await opened('\r')).end()
  expect(left.code).toBe(3)
  expect(left.text).not.toContain('plan ')
  const terminal = await opened('y\r')
  await terminal.until('Restart api, admin, web, worker')
  await terminal.until('Go on? (y/N')
  terminal.type('n\r')
  expect((await terminal.end()).code).toBe(6)
})

test('what was gone on with has the last word: what the report found wrong is mended, exit 0', async () => {
  await worlds['a queue paused by somebody'](sandbox())
  const terminal = openTerminal(['--env', environment()])
  await terminal.until('to be done?')
  terminal.type('queue:status')
  await terminal.until('❯      queue:status')
  terminal.type('\r')
  await terminal.until('Go on with honeydue queue:resume')
  terminal.type('y\r')
  await terminal.until('Go on? (y/N')
  terminal.type('y\r')
  expect(await terminal.end()).toMatchObject({ code: 0, text: expect.stringContaining('Done, and seen to hold.') })
})

test('what a choice can be is read from the live environment, also without the front door', async () => {
  const { PID } = (await worlds['a lock stranded in the pooler'](sandbox())) as { PID: string }
  const terminal = openTerminal(['db:unlock', '--env', environment()])
  await terminal.until('Which backend?')
  await terminal.until(`❯ ${PID}  honeydue`)
  await terminal.until('holds 4711')
  terminal.type('\r')
  await terminal.until(`Type sandbox/${PID} to go on:`)
  terminal.type('no\r')
  const { code, text } = await terminal.end()
  expect(text.trimEnd().split('\n').at(-1)).toBe(`honeydue db:unlock --env ${environment()} --pid ${PID}`)
  expect(code).toBe(6)
})

test('with --no-input nothing is asked on a terminal either', async () => {
  const terminal = openTerminal(['db:unlock', '--no-input', '--env', environment()])
  const { code, text } = await terminal.end()
  expect([code, text]).toEqual([2, expect.stringContaining('--pid is missing')])
})

test('Ctrl-C at the search: 130, and nothing was changed', async () => {
  const terminal = openTerminal([])
  await terminal.until('to be done?')
  terminal.type('\u0003')
  const { code, text } = await terminal.end()
  expect(code).toBe(130)
  expect(text).toContain('Nothing was changed.')
})

test('without a terminal it is the list of pages', async () => {
  const [alone, list] = await Promise.all([honeydue([]), honeydue(['runbook:list'])])
  expect(alone).toEqual(list)
  expect(alone.code).toBe(0)
})

test('a search without a terminal lists the best first; one that finds nothing is a usage error', async () => {
  const found = await honeydue(['runbook:find', 'user', 'sees', 'old', 'residences'])
  expect(found.stdout).toMatch(/^§23 +cache:invalidate/)
  const { code, stderr } = await honeydue(['runbook:find', 'xylophone'])
  expect(code).toBe(2)
  expect(stderr).toContain('next    honeydue diagnose xylophone')
})
