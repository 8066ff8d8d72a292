import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
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
  expect(entries.map(({ type }) => type)).toEqual(['plan', 'begin', 'intent', 'result', 'end'])
  expect(entries[2].at <= entries[3].at).toBe(true)
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
  expect(said(refused)).toContain('honeydue edge:drain hetzner1')
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
