import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { confirmed, honeydue, requireBuild } from '../support/program.ts'
import { eventually } from '../support/worlds.ts'

let home: string
beforeAll(() => {
  requireBuild()
  home = mkdtempSync(join(tmpdir(), 'drill-'))
})
afterAll(async () => {
  await honeydue(['sandbox:down'], { home })
  rmSync(home, { recursive: true, force: true })
})

const said = async (...args: string[]) => honeydue(args, { home, within: 60_000 })

test('without a drill that runs, its commands say how to start one', async () => {
  for (const command of ['drill:status', 'drill:hint', 'drill:check', 'drill:report']) {
    const { code, stderr } = await said(command)
    expect(code, stderr).toBe(3)
    expect(stderr).toContain('No drill runs')
    expect(stderr).toContain('honeydue drill:start')
  }
})

test('a drill is started, looked at, repaired and reviewed by what the commands say', async () => {
  const unknown = await said('drill:start', 'meteor')
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toContain('There are certificate-ended, ')
  const started = await said('drill:start', 'queue-that-stands', '--seed', '3')
  expect(started.code, started.stderr).toBe(0)
  expect(started.stdout).toMatch(/^Monitoring: no reminder was sent/)
  expect(started.stdout).not.toMatch(/pause/i)

  const early = await said('drill:check')
  expect(early.code).toBe(3)
  expect(early.stdout).toContain('It is not repaired.\n  Not so: What broke it is gone')
  expect(early.stdout).not.toMatch(/queue default|pause/)
  expect((await said('drill:hint')).stdout).toContain('honeydue queue:status')
  expect((await said('drill:status')).stdout).toMatch(
    /No request was lost since it broke; of the last \d+, \d+ were answered well\.\nHint: What waits/,
  )
  expect((await said('drill:report')).stdout).not.toMatch(/paused by somebody/)

  const again = await said('drill:start')
  expect(again.code).toBe(3)
  expect(again.stderr).toContain('honeydue sandbox:down')

  const repaired = await confirmed(['queue:resume', 'default', '--env', 'sandbox'], { home })
  expect(repaired.code, repaired.stdout + repaired.stderr).toBe(0)
  await eventually(async () => (await said('drill:check')).code === 0)
  const { stdout } = await said('drill:check')
  expect(stdout).toMatch(/^Repaired\. It was queue-that-stands: a queue paused by somebody\./)
  expect(stdout).toContain('1 hint taken. Made by honeydue: honeydue queue:resume default --env sandbox')
  expect(stdout).toContain('The shortest way: honeydue queue:resume default')
  const review = (await said('drill:report')).stdout
  expect(review).toMatch(
    /- \d\d:\d\d:\d\d It breaks\.\n- \d\d:\d\d:\d\d `honeydue queue:resume default --env sandbox`\n- \d\d:\d\d:\d\d Looked at: repaired\./,
  )
}, 180_000)

test('an exam goes from drill to drill, and ends with its score card', async () => {
  await said('sandbox:down')
  expect((await said('drill:exam', '--next')).stderr).toContain('No exam is under way')
  const first = await said('drill:exam', '--count', '2', '--seed', '5')
  expect(first.code, first.stderr).toBe(0)
  expect(first.stdout).toMatch(/^1 of 2\. /)
  const early = await said('drill:exam', '--next')
  expect(early.code).toBe(3)
  expect(early.stdout).toContain('To leave it: honeydue drill:exam --give-up')
  expect((await said('drill:exam', '--give-up')).stdout).toMatch(/^2 of 2\. /)
  const card = await said('drill:exam', '--give-up')
  expect(card.code).toBe(3)
  expect(card.stdout).toMatch(/^drill +repaired +first change +lost +hints +changes\n\S+ +no +none +\d+ +0 +0\n\S+ +no /)
  expect(card.stdout).toContain('0 of 2 repaired. The same again: honeydue drill:exam --count 2 --seed 5')
}, 180_000)
