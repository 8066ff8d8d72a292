import { expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { Unreachable } from '../../src/lib/errors.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { reboot } from '../../src/lib/procedures/nodes/reboot.ts'
import { nodes, publicNames } from '../../src/lib/sandbox/deployment/facts.ts'
import { firstBoot } from '../../src/lib/sandbox/nodes/state.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { throughEdge } from '../support/through-edge.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox({ speed: { nodeGrace: 2000 } })
const { systems } = useSystems(sandbox)
const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 100), signal) }
const input = { node: undefined, all: true, within: 60_000, 'older-than': 3_600_000 }
const plan = (over: Partial<typeof input> | { node: string; all: boolean } = {}) =>
  prepare(reboot, { ...input, ...over }, systems(), contextOf(sandbox().environment))

/** Asks every name through the edge again and again, until told to stop. */
const customers = () => {
  const lost: string[] = []
  let [sent, on] = [0, true]
  const asks = publicNames.map(async (name) => {
    while (on) {
      sent += 1
      const path = name.startsWith('api.') ? '/api/health/' : '/'
      const { status } = await throughEdge(sandbox(), name, path).catch(() => ({ status: 0 }))
      if (status === 0 || status >= 500) lost.push(`${name}: ${status}`)
      await systemClock.sleep(40)
    }
  })
  return async () => {
    on = false
    await Promise.all(asks)
    return { sent, lost }
  }
}

test('a reboot of all three under constant requests through the edge loses none', async () => {
  const booted = () => nodes.filter(({ alias, hostname }) => sandbox().nodes.node(alias).boot() !== firstBoot(hostname)).length
  const stop = customers()
  const prepared = await plan()
  expect(prepared.plan.blocked).toEqual([])
  const { trouble } = await perform(prepared, runOf(systems(), reboot.needs, { clock }))
  const { sent, lost } = await stop()
  expect(trouble).toBeUndefined()
  expect(booted()).toBe(3)
  expect(lost).toEqual([])
  expect(sent).toBeGreaterThan(300)
}, 180_000)

test('stops at the first that does not come back, says who still serves, and touches no other', async () => {
  const { nodes: machines, cloudflare } = sandbox()
  const before = cloudflare.state.records.length
  await machines.fail(nodes[0].alias, 'stays-down')
  // Ten minutes pass in ten seconds, and the edge keeps its connections for two of them.
  const prepared = await plan({ within: 600_000 })
  const went = Date.now()
  const soon = { ...clock, now: () => new Date(went + (Date.now() - went) * 60) }
  const { trouble, states } = await perform(prepared, runOf(systems(), reboot.needs, { clock: soon }))
  expect(trouble).toMatchObject({
    exitCode: 5,
    failed: expect.stringMatching(/^Reboot hetzner1: hetzner1 does not answer: .*; still serving: hetzner2, hetzner3$/),
  })
  const at = prepared.plan.steps.findIndex(({ title }) => title === 'Reboot hetzner1')
  expect(states.slice(at)).toEqual(['unverified', ...states.slice(at + 1).map(() => 'untouched')])
  expect(nodes.slice(1).map(({ alias, hostname }) => machines.node(alias).boot() === firstBoot(hostname))).toEqual([true, true])
  expect(before - cloudflare.state.records.length).toBe(publicNames.length)
}, 120_000)

test('a node that does not say which boot it runs is not told as rebooted, whatever it says a moment later', async () => {
  const own = systems()
  let asked = 0
  const boot = (alias: string) =>
    asked++ === 0 ? Promise.reject(new Unreachable({ code: 'cut', failed: 'the connection was cut' })) : own.nodes.read.boot(alias)
  const look = { ...own, nodes: { ...own.nodes, read: { ...own.nodes.read, boot } } }
  const { plan: found } = await prepare(reboot, { ...input, node: 'hetzner2', all: false }, look, contextOf(sandbox().environment))
  expect(found.steps.filter(({ kind, already }) => kind === 'change' && already).map(({ title }) => title)).toEqual([])
  expect(found.blocked.join()).toContain('hetzner2 cannot be told to reboot: the connection was cut')
  expect(asked).toBeGreaterThan(1)
})
