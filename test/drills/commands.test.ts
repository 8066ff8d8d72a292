import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newExam } from '../../src/lib/drills/exam.ts'
import { confirmed, honeydue, requireBuild, root } from '../support/program.ts'
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

/** What a text names as commands, and what of that is none. */
const strangers = (text: string): readonly string[] =>
  [...text.matchAll(/\bhoneydue ([a-z]+(?::[a-z-]+)?)/g)].map(([, id = '']) => id).filter((id) => !(id in commands))
const { commands } = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as { readonly commands: object }

const said = async (...args: string[]) => honeydue(args, { home, within: 150_000 })

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
  expect(unknown.stderr).toContain('There are api-that-does-not-start, ')
  const started = await said('drill:start', 'queue-that-stands', '--seed', '3', '--with-false-trail', '--speed', '5')
  expect(started.code, started.stderr).toBe(0)
  expect(started.stdout).toMatch(/^Monitoring: no reminder was sent.* adds: "/)
  expect(started.stdout).not.toMatch(/pause/i)

  const early = await said('drill:check')
  expect(early.code).toBe(3)
  expect(early.stdout).toContain('It is not repaired.\n  Not so: What broke it is gone')
  expect(early.stdout).not.toMatch(/queue default|pause/)
  expect((await said('drill:hint')).stdout).toContain('honeydue queue:status')
  expect((await said('drill:status')).stdout).toMatch(
    /No request was lost since it broke; of the last \d+, \d+ were answered well\.\nOf \d+ jobs? \d+ (was|were) done(, \d+ waits? or (is|are) worked on)?, none was lost\.\nHint: What waits/,
  )
  expect((await said('drill:report')).stdout).not.toMatch(/paused by somebody/)

  const again = await said('drill:start')
  expect(again.code).toBe(3)
  expect(again.stderr).toContain('honeydue sandbox:down')

  const repaired = await confirmed(['queue:resume', 'default', '--env', 'sandbox'], { home })
  expect(repaired.code, repaired.stdout + repaired.stderr).toBe(0)
  await eventually(async () => (await said('drill:check')).code === 0)
  const { stdout } = await said('drill:check')
  expect(stdout).toMatch(/^Repaired\. It was queue-that-stands\. The job queue was paused by somebody\./)
  expect(stdout).toMatch(
    /\nFirst look after \d+ s, first change after \d+ s, over after [^;]+; 1 hint taken\.\nMade by honeydue: honeydue queue:resume default --env sandbox/,
  )
  expect(stdout).toContain('The shortest way: honeydue queue:resume default')
  const review = (await said('drill:report')).stdout
  expect(strangers(started.stdout + stdout + review)).toEqual([])
  expect(stdout).toContain('honeydue runbook:show queue:resume')
  expect(review).toMatch(/^# Review of \d{4}-\d\d-\d\d: The job queue was paused by somebody\n\n> Monitoring: no reminder/)
  const times = [...review.matchAll(/^\| \d\d:\d\d:\d\d \| [^|]+ \| (.*) \|$/gm)]
    .map(([, what]) => what)
    // What others do, and what a busy machine loses, comes when it comes.
    .filter((what) => !/^A colleague|request (is|that was) lost/.test(what ?? ''))
  expect(times).toEqual([
    'It breaks',
    'Somebody looks',
    expect.stringMatching(/@.* begins `honeydue queue:resume default --env sandbox`$/),
    '`honeydue queue:resume default --env sandbox` is done',
    'A look finds it repaired',
  ])
  expect(review).toContain('\n## The shortest way\n\n```sh\nhoneydue queue:resume default --env sandbox\n```\n')
  expect(review).toContain('- The page has more: `honeydue runbook:show queue:resume`.')
}, 400_000)

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
  expect(card.stdout).toMatch(/^drill +repaired +seen +first change +lost +hints +changes\n\S+ +no +no +none +\d+ +0 +0\n\S+ +no /)
  expect(card.stdout).toContain('0 of 2 repaired. The same again: honeydue drill:exam --count 2 --seed 5')
}, 400_000)

test('two operators take an exam together: one holds the lease, the other follows the run and waits', async () => {
  await said('sandbox:down')
  const options = { falseTrail: false, speed: 1 }
  const seed = Array.from({ length: 1000 }, (_, at) => at).find((at) => newExam(1, { ...options, seed: at }).names[0] === 'pooler-away')
  const started = await said('drill:exam', '--count', '1', '--seed', String(seed))
  expect(started.code, started.stderr).toBe(0)
  const joins = /^Somebody else joins with: (--env .*)$/m.exec(started.stdout)?.[1] ?? ''
  const second = mkdtempSync(join(tmpdir(), 'drill-second-'))
  const other = (...args: string[]) => honeydue([...args, ...joins.split(' ')], { home: second, within: 150_000 })
  try {
    const repair = confirmed(['db:switch-host', '--to', 'direct', '--env', 'sandbox'], { home, within: 150_000 })
    await expect.poll(async () => (await other('lock:status')).stdout, { timeout: 60_000, interval: 200 }).toContain('db:switch-host')
    const [followed, refused] = await Promise.all([other('run:watch'), other('cache:invalidate', '--user', '7')])
    expect(refused.code, refused.stdout + refused.stderr).toBe(7)
    expect(refused.stderr).toContain('is changing this deployment')
    expect(followed.code, followed.stderr).toBe(0)
    expect(followed.stdout + followed.stderr).toContain('It has ended.')
    const { code, stdout, stderr } = await repair
    expect(code, stdout + stderr).toBe(0)
    await expect.poll(async () => (await said('drill:check')).code, { timeout: 30_000, interval: 500 }).toBe(0)
    // What the second one does counts as well.
    expect((await other('drill:report')).stdout).toContain('begins `honeydue db:switch-host --to direct --env sandbox`')
    const card = await said('drill:exam', '--next')
    expect(card.code, card.stdout).toBe(0)
    expect(card.stdout).toContain('1 of 1 repaired.')
  } finally {
    rmSync(second, { recursive: true, force: true })
  }
}, 400_000)
