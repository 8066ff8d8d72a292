import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { systemClock } from '../../src/lib/clock.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { openSystems } from '../../src/lib/systems/open.ts'
import type { Name } from '../../src/lib/systems/systems.ts'
import { confirmed, honeydue, requireBuild } from '../support/program.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
const sandbox = useSandbox()
const state = mkdtempSync(join(tmpdir(), 'honeydue-which-'))
afterAll(() => rmSync(state, { recursive: true, force: true }))
const env = { XDG_STATE_HOME: state }

const file = () => join(sandbox().dir, 'environment.yaml')
const readOnlyFile = () => {
  const at = join(sandbox().dir, 'read-only.yaml')
  writeFileSync(at, stringify({ ...parse(readFileSync(file(), 'utf8')), readonly: true }))
  return at
}
const cached = () =>
  sandbox()
    .redis.store.keys()
    .filter((key) => key.startsWith('residence_ids_user:'))
const everyone = (...more: readonly string[]) => ['cache:invalidate', '--all-residence-ids', '--env', file(), ...more]
const seven = ['cache:invalidate', '--user', '7', '--env'] as const

test('the first line of a plan says which deployment, and its name; --confirm without the deployment is refused', async () => {
  const { stdout } = await honeydue([...seven, file(), '--dry-run'], { env })
  expect(stdout.split('\n')[0]).toMatch(/^sandbox {2}Invalidate the residence-IDs cache of a user §23 {2}plan [0-9a-z]{8}$/)
  const bare = await honeydue(['db:switch-host', '--to', 'direct', '--env', file(), '--confirm', sandbox().environment.database.direct], {
    env,
  })
  expect([bare.code, bare.stderr.replace(/\s+/g, ' ')]).toEqual([
    2,
    expect.stringContaining(`It does not say in which deployment: sandbox/${sandbox().environment.database.direct}`),
  ])
})

test('the head of a plan that writes over SSH names each node by its own hostname; one that is another machine is refused', async () => {
  const refresh = ['firewall:refresh', '--node', 'hetzner1', '--dry-run', '--env'] as const
  const { stdout } = await honeydue([...refresh, file()], { env })
  const [node] = nodes
  expect(stdout.replace(/\s+/g, ' ')).toMatch(new RegExp(`node hetzner1 is ${node.hostname}, at 127\\.0\\.0\\.1:\\d+ over SSH`))
  const swapped = join(sandbox().dir, 'swapped.yaml')
  const given = parse(readFileSync(file(), 'utf8')) as { readonly nodes?: readonly object[] }
  writeFileSync(swapped, stringify({ ...given, nodes: nodes.map((one, i) => ({ ...one, hostname: nodes[(i + 1) % 3]?.hostname })) }))
  const refused = await honeydue([...refresh, swapped], { env })
  expect([refused.code, refused.stderr.replace(/\s+/g, ' ')]).toEqual([9, expect.stringContaining('hetzner1 leads to another machine')])
})

test('readonly in the environment or HONEYDUE_READONLY: the plan, and then 2; a dry run stays; nothing is written', async () => {
  const before = cached()
  for (const [at, more] of [
    [readOnlyFile(), {}],
    [readOnlyFile(), { HONEYDUE_READONLY: '0' }],
    [file(), { HONEYDUE_READONLY: '1' }],
  ] as const) {
    const refused = await honeydue([...seven, at], { env: { ...env, ...more } })
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('sandbox may only be looked at from here')])
    expect(refused.stdout).toContain('Delete residence_ids_user:7')
    expect((await honeydue([...seven, at, '--dry-run'], { env: { ...env, ...more } })).code).toBe(0)
    expect(cached()).toEqual(before)
  }
  for (const value of ['', '0', 'false'])
    expect((await honeydue([...seven, file(), '--dry-run'], { env: { ...env, HONEYDUE_READONLY: value } })).code).toBe(0)
  const psql = await honeydue(['db:psql', '--write', '--env', readOnlyFile()], { env: { ...env, PATH: '/usr/bin:/bin' } })
  expect(psql.code).toBe(2)
  expect((await honeydue(['lock:release', '--holder', 'eva@laptop', '--env', readOnlyFile()], { env })).code).toBe(2)
  const only = { env: { ...env, HONEYDUE_READONLY: '1' } }
  const plan = join(state, 'seven.json')
  expect((await honeydue([...seven, file(), '--out', plan], only)).code).toBe(0)
  expect((await honeydue(['run:apply', plan], only)).code).toBe(2)
  expect(cached()).toEqual(before)
  expect((await honeydue([...seven, file()], { env })).code).toBe(0)
  const back = await honeydue(['run:undo', 'last', '--confirm', 'sandbox/7'], only)
  expect([back.code, back.stderr]).toEqual([2, expect.stringContaining('may only be looked at')])
})

test('every writer of every system refuses in a deployment that may only be looked at', async () => {
  const systems = openSystems({ ...sandbox().environment, readonly: true }, systemClock, new AbortController().signal)
  const all = await Promise.all(Object.values(procedures).map((load) => load()))
  const used = [...new Set(all.flatMap(({ needs }): readonly Name[] => needs))]
  const writers = used.flatMap((name) => Object.values((systems[name] as unknown as { write: Record<string, () => Promise<void>> }).write))
  expect(writers.length).toBeGreaterThan(20)
  for (const write of writers) await expect(write()).rejects.toMatchObject({ code: 'read-only', exitCode: 2 })
  await systems.close()
})

test('a plan by its name: the same is done; another one is refused with 8 and the difference, and nothing is written', async () => {
  const looked = await honeydue(everyone('--dry-run', '--json'), { env })
  const { plan } = JSON.parse(looked.stdout)
  const store = sandbox().redis.store
  for (let user = 5000; user < 5600; user++) store.set(`residence_ids_user:${user}`, '[1]', 200_000)
  const count = cached().length
  const other = await honeydue(everyone('--confirm', plan.confirm, '--plan', plan.name), { env })
  expect([other.code, other.stderr]).toEqual([8, expect.stringContaining(`where ${count - 600} were shown`)])
  const elsewhere = await honeydue(everyone('--confirm', plan.confirm, '--plan', plan.name), {
    env: { XDG_STATE_HOME: join(state, 'other') },
  })
  expect([elsewhere.code, elsewhere.stderr]).toEqual([8, expect.stringContaining('was not made on this machine')])
  expect(cached()).toHaveLength(count)
  expect(await confirmed(everyone(), { env })).toMatchObject({ code: 0 })
  expect(cached()).toEqual([])
  const plans = join(state, 'honeydue/plans')
  expect([statSync(plans).mode & 0o777, ...readdirSync(plans).map((name) => statSync(join(plans, name)).mode & 0o777)]).toEqual([
    0o700,
    ...readdirSync(plans).map(() => 0o600),
  ])
})
