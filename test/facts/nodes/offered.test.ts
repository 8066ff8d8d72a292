import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { offerEdgeNodes, offerNodes } from '../../../src/lib/facts/nodes/offered.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox, worlds } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
/** A context in which waiting lasts long: what is read here comes in the end, on a busy machine too. */
const patiently = () => ({
  ...contextOf(sandbox().environment),
  clock: { ...systemClock, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms * 20, signal) },
})

test('who has to choose a node sees what the cluster says of each', async () => {
  await worlds['hetzner2 cordoned'](sandbox())
  const offered = await offerNodes({ kube: systems().kube.read }, patiently())
  expect(offered).toEqual([
    { value: 'hetzner1', about: 'Ready; ubuntu-8gb-nbg1-2, 178.104.247.152' },
    { value: 'hetzner2', about: 'cordoned; ubuntu-8gb-nbg1-1, 178.105.32.198' },
    { value: 'hetzner3', about: 'Ready; ubuntu-8gb-nbg1-3, 178.104.249.189' },
  ])
})

test('who has to choose a node for the edge sees whether visitors are led to it', async () => {
  await worlds['hetzner2 drained'](sandbox())
  const { state } = sandbox().cloudflare
  state.records = state.records.filter(({ name, content }) => name !== 'app.myhoneydue.com' || content !== '178.104.249.189')
  const offered = await offerEdgeNodes({ cloudflare: systems().cloudflare.read }, patiently())
  expect(offered.map(({ about }) => about.split(';')[0])).toEqual([
    'in the round robin',
    'out of the round robin',
    'in the round robin of api.myhoneydue.com, admin.myhoneydue.com, myhoneydue.com alone',
  ])
})

test('where nobody says how the nodes are, or not in two seconds, their names are offered all the same', async () => {
  const context = contextOf(sandbox().environment)
  const refused = await offerNodes({ kube: { ...systems().kube.read, nodes: async () => Promise.reject(new Error('refused')) } }, context)
  const mute = await offerEdgeNodes({ cloudflare: { ...systems().cloudflare.read, addresses: () => new Promise(() => {}) } }, context)
  expect(refused[0]).toEqual({ value: 'hetzner1', about: 'its state is not known; ubuntu-8gb-nbg1-2, 178.104.247.152' })
  expect(mute[0]?.about).toBe('its place in the round robin is not known; ubuntu-8gb-nbg1-2, 178.104.247.152')
})
