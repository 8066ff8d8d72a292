import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { journalsIn, startProgram } from '../support/attempts.ts'
import { confirmed, honeydue, requireBuild } from '../support/program.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const folder = mkdtempSync(join(tmpdir(), 'honeydue-runs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let state = ''
let count = 0
beforeEach(() => {
  state = join(folder, String(count++))
})
const at = (...words: readonly string[]) => [...words, '--env', join(sandbox().dir, 'environment.yaml')]
const env = () => ({ XDG_STATE_HOME: state })
const run = (...words: readonly string[]) => honeydue(at(...words), { env: env() })
const said = ({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }) => `${stdout}${stderr}`.replace(/\s+/g, ' ')
const seven = ['cache:invalidate', '--user', '7'] as const
const key = 'residence_ids_user:7'
const isThere = () => sandbox().redis.store.keys().includes(key)
const stored = () => systems().lease.read()
const journals = () => readdirSync(join(state, 'honeydue/runs'))
const eventsOf = (reason: string) =>
  (
    sandbox().kubernetes.client.list({ group: '', resource: 'events' }, { namespace }) as readonly { reason?: string; message?: string }[]
  ).filter((event) => event.reason === reason)

/** Another operator, who renews nothing. */
const heldBy = async (holder: string) => {
  const over = await stored()
  const mine = { holder, epoch: (over?.epoch ?? 0) + 1 }
  await systems().lease.take(over, { ...mine, seconds: 30, told: { line: 'honeydue edge:drain hetzner1', step: '1 of 4: Take api off' } })
  return mine
}

test('a run leaves its journal, two events and a free lease; nothing to do leaves none of them; no secret in any', async () => {
  const done = await run(...seven)
  expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/Done, and seen to hold\. {2}Run \d{8}-\d{4}-[a-z0-9]{4}/) })
  const [file = ''] = journals()
  const lines = readFileSync(join(state, 'honeydue/runs', file), 'utf8')
    .trim()
    .split('\n')
  const entries = lines.map((line) => JSON.parse(line))
  expect(entries.map(({ type }) => type)).toEqual(['plan', 'begin', 'facts', 'intent', 'result', 'end'])
  expect(entries[3].at <= entries[4].at).toBe(true)
  expect(await stored()).toMatchObject({ holder: undefined, epoch: 1 })
  expect([eventsOf('RunStarted').length, eventsOf('RunEnded').length]).toEqual([1, 1])
  expect(eventsOf('RunStarted')[0]?.message).toContain('honeydue cache:invalidate --user 7')
  const events = JSON.stringify(sandbox().kubernetes.client.list({ group: '', resource: 'events' }, { namespace }))
  for (const secret of plantedValues) expect(lines.join('\n') + events).not.toContain(secret)

  expect(await run(...seven)).toMatchObject({ code: 0, stdout: expect.stringContaining('Already so') })
  expect([journals().length, (await stored())?.epoch]).toEqual([1, 1])
})

test('while another operator holds the lease: 7, with who, since when, doing what; nothing is changed, and no journal is left', async () => {
  const other = await heldBy('eva@laptop/20261129-0900-aaaa')
  const refused = await run(...seven)
  expect([refused.code, said(refused)]).toEqual([7, expect.stringContaining('eva@laptop is changing this deployment')])
  expect(said(refused)).toContain('doing edge:drain hetzner1')
  expect(said(refused)).toContain('1 of 4: Take api off')
  expect([isThere(), journals()]).toEqual([true, []])
  const waiting = run(...seven, '--wait', '20s')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(isThere()).toBe(true)
  await systems().lease.release(other)
  expect(await waiting).toMatchObject({ code: 0 })
  expect(isThere()).toBe(false)
})

test('without the API server no lease can be taken: a procedure that does not need it says so, and goes on where that is allowed', async () => {
  sandbox().kubernetes.fail({ answer: { status: 500 } })
  const purge = ['edge:purge', '--url', 'https://api.myhoneydue.com/a'] as const
  const refused = await run(...purge)
  expect([refused.code, said(refused)]).toEqual([9, expect.stringContaining('--without-lease')])
  expect(sandbox().cloudflare.state.purged).toEqual([])
  const done = await run(...purge, '--without-lease')
  expect([done.code, said(done)]).toEqual([0, expect.stringContaining('Nobody else is kept out')])
  expect(sandbox().cloudflare.state.purged).toHaveLength(1)
})

test('no room for a journal: 3, before anything is changed, and the lease was not taken', async () => {
  const refused = await honeydue(at(...seven), { env: { XDG_STATE_HOME: '/dev/null' } })
  expect([refused.code, said(refused)]).toEqual([3, expect.stringContaining('No journal can be written')])
  expect([isThere(), await stored()]).toEqual([true, undefined])
})

test('two drains at the same moment: one ends well, the other is refused with 7, and every name keeps two nodes', async () => {
  const ended = await Promise.all(
    ['hetzner1', 'hetzner2'].map((node) => confirmed(at('edge:drain', node, '--within', '5s'), { env: env() })),
  )
  expect(ended.map(({ code }) => code).sort()).toEqual([0, 7])
  const left = sandbox().cloudflare.state.records.filter(({ type }) => type === 'A')
  const names = [...new Set(left.map(({ name }) => name))]
  for (const name of names) expect(left.filter((record) => record.name === name).length).toBe(2)
})

/** A journal as a killed run leaves it: all but its last lines, or all until its last step began, and the pid of nobody. */
const interrupt = (left?: number) => {
  const [file = ''] = journals().slice(-1)
  const path = join(state, 'honeydue/runs', file)
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  const begun = lines.findLastIndex((line) => line.includes('"type":"intent"')) + 1
  const [header = '', ...rest] = lines.slice(0, left === undefined ? begun : lines.length - left)
  const dead = JSON.parse(header)
  dead.who = { ...dead.who, pid: 2 ** 22 + 1, born: '1' }
  writeFileSync(path, `${[JSON.stringify(dead), ...rest].join('\n')}\n`)
  return file.replace('.jsonl', '')
}

test('run:list, run:show, run:note and the timeline tell a run that was interrupted and gone on with', async () => {
  const drain = at('edge:drain', 'hetzner2', '--within', '5s')
  expect((await confirmed(drain, { env: env() })).code).toBe(0)
  const id = interrupt()
  expect(said(await honeydue(['run:list'], { env: env() }))).toContain(`${id} sandbox edge:drain hetzner2`)
  const shown = await honeydue(['run:show', 'last'], { env: env() })
  expect(said(shown)).toContain('interrupted in step')
  expect(JSON.parse((await honeydue(['run:show', id, '--json'], { env: env() })).stdout)).toMatchObject({ status: 'interrupted', run: id })
  expect(said(await honeydue(['run:list', '--open'], { env: env() }))).toContain(id)
  const sandboxes = ['run:list', '--env', join(sandbox().dir, 'environment.yaml')]
  expect(said(await honeydue(sandboxes, { env: env() }))).toContain(id)
  const others = await honeydue(['run:list', '--env', 'production'], { env: env() })
  expect(others.stdout).toMatch(/^No run of \S+ was journaled on this machine\.\n$/)
  expect((await honeydue(['run:note', id.slice(-4), 'Eva saw the site | up again'], { env: env() })).code).toBe(0)
  expect((await confirmed(at('edge:restore', 'hetzner2'), { env: env() })).code).toBe(0)
  const { stdout } = await honeydue(['run:show', id, '--timeline'], { env: env() })
  expect(stdout).toMatch(/^## Take a node out of the round robin of every name: interrupted in step \d/)
  expect(stdout).toMatch(
    /\| \d\d:\d\d:\d\d \| Step 1, Take \S+ off hetzner2: done, and seen to hold\. .*`hetzner1, hetzner2, hetzner3` → `hetzner1, hetzner3`/,
  )
  expect(stdout).toContain('Eva saw the site \\| up again')
  expect(stdout).toContain('The program was ended without a word.')
  for (const line of stdout
    .trim()
    .split('\n')
    .filter((one) => one.startsWith('|')))
    expect(line).toMatch(/\|$/)
  expect((await honeydue(['run:show', 'zzzz'], { env: env() })).code).toBe(3)
})

test('a switch-over that was killed half way and run again is told as one timeline', async () => {
  const words = at('db:switch-host', '--to', 'direct')
  const { plan } = JSON.parse((await run('db:switch-host', '--to', 'direct', '--dry-run', '--json')).stdout)
  const line = [...words, '--confirm', plan.confirm]
  const first = startProgram(line, state)
  // Its third step restarts api: the kill comes while its pods are being replaced.
  await expect.poll(() => journalsIn(state)[0]?.text ?? '', { interval: 5, timeout: 20_000 }).toContain('"waiting","step":2')
  first.process.kill('SIGKILL')
  await first.ended
  const ids = () => journals().map((name) => name.replace('.jsonl', ''))
  const [one] = ids()
  expect((await honeydue(line, { env: env() })).code).toBe(0)
  const two = ids().find((id) => id !== one)
  // Another one went on from it: nobody has to look at it any more.
  expect((await honeydue(['run:list', '--open'], { env: env() })).stdout).not.toContain(one)
  const { stdout } = await honeydue(['run:show', 'last', '--timeline'], { env: env() })
  expect(stdout).toMatch(/^## Switch the database host between pooler and direct: interrupted in step 3, then done\n/)
  const told = stdout.split('\n').flatMap((row) => /^\| (?:after )?\d\d:\d\d:\d\d \| (.*) \|$/.exec(row)?.[1] ?? [])
  expect(told[0]).toMatch(new RegExp(`ran .*\\(Run ${one}, plan ${plan.name}, epoch 1\\.\\)$`))
  expect(told[1]).toMatch(/^Step 1, Set DB_HOST .*: done, and seen to hold\. .*DB_HOST: `ep-.*-pooler\..*` → `ep-[^`]*`\.$/)
  expect(told.slice(2, 5).map((row) => row.replace(/:.*|\..*/, ''))).toEqual([
    'Step 2, Set the host in deploy-k3s/config',
    'Step 3, Restart api',
    'The program was ended without a word',
  ])
  expect(told[4]).toMatch(/Step 3 was under way; last seen: .*\.$/)
  expect(told[5]).toMatch(new RegExp(`again, \\d+ s later, and took .* over from \\S+/${one}, whose program had ended\\. \\(Run ${two},`))
  expect(told[6]).toBe('Steps 1 and 2 were so already.')
  expect(told[7]).toMatch(new RegExp(`^Step 3, Restart api: had (?:not )?come to its end in run ${one}`))
  expect(told.slice(8).map((row) => row.replace(/:.*/, ''))).toEqual([
    'Step 4, Restart admin',
    'Step 5, Restart web',
    'Step 6, Restart worker',
    'Step 7, The health endpoint answers',
    'Done, and seen to hold.',
  ])
}, 90_000)

test('a run that was killed after its last change is told to its end by the next one, which finds everything done', async () => {
  const drain = at('edge:drain', 'hetzner2', '--within', '5s')
  expect((await confirmed(drain, { env: env() })).code).toBe(0)
  const lines = readFileSync(join(state, 'honeydue/runs', journals()[0] ?? ''), 'utf8')
    .trim()
    .split('\n')
  const last = lines.map((line) => JSON.parse(line).type).lastIndexOf('intent')
  const id = interrupt(lines.length - last - 1)
  const again = await confirmed(drain, { env: env() })
  expect([again.code, said(again)]).toEqual([0, expect.stringContaining('Already so')])
  const { stdout } = await honeydue(['run:show', id, '--timeline'], { env: env() })
  expect(stdout).toMatch(/^## Take a node out of the round robin of every name: interrupted in step \d, then done\n/)
  expect(stdout).toMatch(/again, \d+ s later, without a lease: nothing was left to be changed\./)
  expect(stdout).toMatch(new RegExp(`Step 5, Wait for the last connection to hetzner2: had come to its end in run ${id} after all\\.`))
  expect(stdout.trim()).toMatch(/\| Done, and seen to hold\. \|$/)
  // A story that has an end needs no other one.
  const before = journals().length
  expect((await confirmed(drain, { env: env() })).code).toBe(0)
  expect(journals()).toHaveLength(before)
}, 60_000)

test('run:undo takes back later what a run did, seen to be so; not twice, and not when the world has moved', async () => {
  const names = () =>
    sandbox()
      .cloudflare.state.records.map(({ name, content }) => `${name} ${content}`)
      .sort()
  const before = names()
  expect((await confirmed(at('edge:drain', 'hetzner2', '--within', '5s'), { env: env() })).code).toBe(0)
  expect(names()).not.toEqual(before)
  const planned = await honeydue(['run:undo', 'last', '--dry-run', '--json'], { env: env() })
  expect(planned.code, planned.stdout).toBe(0)
  const { plan } = JSON.parse(planned.stdout)
  expect(plan.steps.map(({ title }: { title: string }) => title)[0]).toMatch(/^Take back: Take \S+ off hetzner2$/)
  const [first] = journals()
  const undone = await honeydue(['run:undo', first?.replace('.jsonl', '') ?? '', '--confirm', 'sandbox/hetzner2'], { env: env() })
  expect([undone.code, said(undone)]).toEqual([0, expect.stringContaining('Taken back, and seen to be so.')])
  expect(names()).toEqual(before)
  const twice = await honeydue(['run:undo', first?.replace('.jsonl', '') ?? '', '--confirm', 'sandbox/hetzner2'], { env: env() })
  expect([twice.code, said(twice)]).toEqual([3, expect.stringContaining('took it back at')])

  expect((await confirmed(at('edge:drain', 'hetzner2', '--within', '5s'), { env: env() })).code).toBe(0)
  expect((await confirmed(at('edge:restore', 'hetzner2'), { env: env() })).code).toBe(0)
  const { runs } = JSON.parse((await honeydue(['run:list', '--json'], { env: env() })).stdout) as {
    runs: { run: string; procedure: string }[]
  }
  const drained = runs.find(({ procedure }) => procedure === 'edge:drain')?.run ?? ''
  const moved = await honeydue(['run:undo', drained, '--confirm', 'sandbox/hetzner2'], { env: env() })
  expect([moved.code, said(moved)]).toEqual([8, expect.stringContaining('still leads to hetzner2')])
}, 90_000)

test('a plan in a file is performed as it was looked at, also on another machine; another world refuses it with the difference', async () => {
  const file = join(folder, 'plan.json')
  expect((await run(...seven, '--out', file)).code).toBe(0)
  expect(isThere()).toBe(true)
  const elsewhere = { XDG_STATE_HOME: join(folder, 'elsewhere') }
  sandbox().redis.store.set('residence_ids_user:8', '[1]', 200_000)
  const other = join(folder, 'other.json')
  expect((await honeydue(at('edge:drain', 'hetzner2', '--out', other), { env: env() })).code).toBe(0)
  sandbox().cloudflare.state.records = sandbox().cloudflare.state.records.filter(
    ({ content, type }) => type !== 'A' || content !== '178.104.249.189',
  )
  const refused = await honeydue(['run:apply', other, '--confirm', 'sandbox/hetzner2'], { env: elsewhere })
  expect([refused.code, said(refused)]).toEqual([8, expect.stringContaining('hetzner3')])
  // Made on another cluster, with the very same steps.
  const text = readFileSync(file, 'utf8')
  const made = JSON.parse(text)
  expect(made.identity.reached).toEqual([expect.stringMatching(/^cluster of CA (?:[0-9A-F]{2}:){7}[0-9A-F]{2}$/)])
  writeFileSync(file, JSON.stringify({ ...made, name: 'aaaaaaaa', identity: { ...made.identity, reached: ['cluster of CA 00:11'] } }))
  const another = await honeydue(['run:apply', file], { env: elsewhere })
  expect([another.code, said(another)]).toEqual([8, expect.stringContaining(`- cluster of CA 00:11 + ${made.identity.reached[0]}`)])
  expect(isThere()).toBe(true)
  writeFileSync(file, text)
  expect(await honeydue(['run:apply', file], { env: elsewhere })).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Done, and seen to hold'),
  })
  expect(isThere()).toBe(false)
  writeFileSync(file, '{"kind":"honeydue-plan"}')
  expect((await honeydue(['run:apply', file], { env: elsewhere })).code).toBe(2)
})

test('lock:status and lock:release: who holds it, and only what has stopped renewing is released, by name', async () => {
  expect(said(await run('lock:status'))).toContain('is free')
  const over = await stored()
  await systems().lease.take(over, { holder: 'eva@laptop/x', epoch: 5, seconds: 2, told: { line: 'honeydue edge:drain hetzner1' } })
  expect(said(await run('lock:status'))).toContain('eva@laptop/x')
  expect(await run('lock:release')).toMatchObject({ code: 2, stderr: expect.stringContaining('--holder is missing') })
  const away = await honeydue(['lock:release', '--env', '/nowhere.yaml'], { env: env() })
  expect([away.code, said(away)]).toEqual([2, expect.stringContaining('--holder is missing')])
  expect((await run('lock:release', '--holder', 'adam@mac')).code).toBe(2)
  const renewing = setInterval(() => void systems().lease.renew({ holder: 'eva@laptop/x', epoch: 5 }, {}), 200)
  expect((await run('lock:release', '--holder', 'eva@laptop')).code).toBe(7)
  clearInterval(renewing)
  expect((await run('lock:release', '--holder', 'eva@laptop')).code).toBe(0)
  expect(await stored()).toMatchObject({ holder: undefined, epoch: 6 })
})

test('run:watch follows a run of another operator by lease and events, to its end', async () => {
  const mine = await heldBy('eva@laptop/20261129-0900-aaaa')
  const watching = run('run:watch')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await systems().lease.event('RunStep', 'eva@laptop/20261129-0900-aaaa: step 1 of 4: Take api off: done')
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await systems().lease.release(mine)
  const { code, stderr } = await watching
  expect([code, stderr]).toEqual([0, expect.stringContaining('step 1 of 4: Take api off: done')])
})
