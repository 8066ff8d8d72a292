import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Environment } from '../../../src/lib/environment/schema.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { drain } from '../../../src/lib/procedures/edge/drain.ts'
import { restore } from '../../../src/lib/procedures/edge/restore.ts'
import { cloudflareHosts, nodes, publicNames } from '../../../src/lib/sandbox/deployment/facts.ts'
import { type SlowPort, startSlowPort } from '../../../src/lib/sandbox/slow-port.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { useSandbox } from '../../support/worlds.ts'

vi.setConfig({ testTimeout: 240_000 })
const sandbox = useSandbox({ speed: { keepAliveMs: 0 } })
const opened: { close(): Promise<void> }[] = []
let slow: SlowPort | undefined
afterEach(async () => {
  for (const systems of opened.splice(0)) await systems.close()
  await slow?.stop()
  slow = undefined
})

/** Cloudflare's API from afar: each way takes so many milliseconds. */
const farAway = async (ms: number): Promise<Environment> => {
  const { environment } = sandbox()
  const [, port] = (environment.hostaddr[cloudflareHosts.api] ?? '').split(':')
  slow ??= await startSlowPort(Number(port), ms)
  return { ...environment, hostaddr: { ...environment.hostaddr, [cloudflareHosts.api]: `127.0.0.1:${slow.port}` } }
}

const state = () => sandbox().cloudflare.state
const proxied = (name: string) =>
  state()
    .records.filter((record) => record.name === name && record.proxied)
    .map(({ content }) => content)

/** Each on a machine of his own, begun so many milliseconds after the one before. */
const drainAtOnce = async (aliases: readonly string[], apart: number, ms: number) => {
  const environment = await farAway(ms)
  const runs = aliases.map(async (node, i) => {
    const systems = openSystems(environment, systemClock, new AbortController().signal)
    opened.push(systems)
    await systemClock.sleep(i * apart)
    const prepared = await prepare(drain, { node, within: 2000 }, systems, contextOf(environment))
    if (prepared.plan.blocked.length > 0) return undefined
    return (await perform(prepared, runOf(systems, drain.needs))).trouble
  })
  return Promise.all(runs)
}

/** A few moments in `npm test`; with HONEYDUE_LAWS=all many, and as far away as an ocean. */
const sweeping = process.env['HONEYDUE_LAWS'] === 'all'
const apartBy = sweeping ? [0, 20, 40, 60, 90, 120, 150, 190, 230, 270, 320, 400] : [0, 15]
const eachWay = sweeping ? 80 : 12

test.each([
  ['the last two nodes', ['hetzner1', 'hetzner2'], apartBy],
  ['all three', ['hetzner1', 'hetzner2', 'hetzner3'], apartBy.slice(0, sweeping ? 8 : 1)],
] as const)('drains of %s at once, Cloudflare far away: no name is ever left without an address', async (_, aliases, offsets) => {
  for (const apart of offsets) {
    if (aliases.length === 2) state().records = state().records.filter(({ content }) => content !== nodes[2].address)
    const troubles = await drainAtOnce(aliases, apart, eachWay)
    for (const name of publicNames) expect(proxied(name), `${name}, ${apart} ms apart`).not.toEqual([])
    // Whoever is stopped is told the way back, and not to go on.
    for (const [i, trouble] of troubles.entries())
      if (trouble) expect([trouble.next, trouble.state]).toEqual([`honeydue edge:restore ${aliases[i]}`, expect.stringMatching(/\./)])
    expect(troubles.some((trouble) => trouble === undefined || trouble.code === 'cloudflare-last-address')).toBe(true)
    for (const systems of opened.splice(0)) await systems.close()
    await sandbox().reset()
  }
})

test('what a drain at once was stopped in comes back by edge:restore, whole: every name, every node', async () => {
  await drainAtOnce(['hetzner1', 'hetzner2', 'hetzner3'], 0, 5)
  // And where a name was lost altogether, by whatever hand.
  state().records = state().records.filter(({ name }) => name !== 'app.myhoneydue.com')
  const { environment } = sandbox()
  for (const node of ['hetzner1', 'hetzner2', 'hetzner3']) {
    const systems = openSystems(environment, systemClock, new AbortController().signal)
    opened.push(systems)
    const prepared = await prepare(restore, { node }, systems, contextOf(environment))
    expect(prepared.plan.blocked).toEqual([])
    expect((await perform(prepared, runOf(systems, restore.needs))).trouble).toBeUndefined()
  }
  for (const name of publicNames) expect(proxied(name).sort()).toEqual(nodes.map(({ address }) => address).sort())
})

test('the last address of a name is put back, with its comment and tags, when somebody took the others between look and removal', async () => {
  const name = 'api.myhoneydue.com'
  state().records = state().records.map((record) =>
    record.name === name ? { ...record, comment: 'round robin', tags: ['edge:yes'] } : record,
  )
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  opened.push(systems)
  const [, second] = nodes
  const prepared = await prepare(drain, { node: second.alias, within: 2000 }, systems, contextOf(environment))
  const before = state().records.find((record) => record.name === name && record.content === second.address)
  let others = true
  sandbox().cloudflare.fail({
    match: ({ method }) => {
      // Somebody else is through just before our removal arrives.
      if (method === 'DELETE' && others) {
        others = false
        state().records = state().records.filter((record) => record.name !== name || record.content === second.address)
      }
      return false
    },
    answer: 'reset',
  })
  const { trouble, states } = await perform(prepared, runOf(systems, drain.needs))
  expect(trouble).toMatchObject({ exitCode: 4, code: 'cloudflare-last-address', next: 'honeydue edge:restore hetzner2' })
  expect(trouble?.likely).toContain('it was put back')
  expect(states.slice(0, 2)).toEqual(['half', 'untouched'])
  const { comment, tags } = state().records.find((record) => record.name === name) ?? {}
  expect([proxied(name), comment, tags]).toEqual([[second.address], before?.comment, before?.tags])
})

test('a name that does not answer after its change stops the drain there, and the way back is next', async () => {
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  opened.push(systems)
  const prepared = await prepare(drain, { node: 'hetzner2', within: 2000 }, systems, contextOf(environment))
  // The others stop letting the edge in, once the first name is off.
  for (const alias of ['hetzner1', 'hetzner3']) sandbox().nodes.node(alias).state.write('ufw/rules4', 'allow|in|tcp|any|22|any|\n')
  let passed = 0
  const clock = {
    now: () => new Date(Date.now() + passed),
    sleep: async (ms: number) => {
      passed += ms * 20
    },
  }
  const { trouble, states } = await perform(prepared, runOf(systems, drain.needs, { clock }))
  expect(trouble).toMatchObject({ exitCode: 5, next: 'honeydue edge:restore hetzner2' })
  expect(trouble?.failed).toMatch(/^Take api\.myhoneydue\.com off hetzner2: api\.myhoneydue\.com answers 522/)
  expect(states.slice(0, 2)).toEqual(['unverified', 'untouched'])
})
