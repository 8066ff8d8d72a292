import { expect, test, vi } from 'vitest'
import { takeOff } from '../../../src/lib/procedures/edge/leave-round-robin.ts'
import { gatherRoundRobin } from '../../../src/lib/procedures/edge/round-robin-facts.ts'
import { namespace, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { throughEdge } from '../../support/through-edge.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

vi.setConfig({ testTimeout: 120_000 })
const sandbox = useSandbox({ speed: { keepAliveMs: 0 } })
const { systems } = useSystems(sandbox)
const [, second] = nodes
const admin = 'admin.myhoneydue.com'

/** The one pod of admin was on the dead node: Kubernetes notices after forty seconds, and moves it after five minutes. */
const adminLosesItsPod = async () => {
  sandbox().kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'admin', namespace, (draft) => {
    draft.spec = { ...(draft.spec as object), replicas: 0 }
  })
  await eventually(async () => (await throughEdge(sandbox(), admin)).status === 503)
}

const drained = async () => {
  const { cloudflare, nodes: machines, http } = systems()
  const look = { cloudflare: cloudflare.read, nodes: machines.read, http: http.read }
  const write = { cloudflare: cloudflare.write, nodes: machines.write, http: http.write }
  const facts = await gatherRoundRobin(second.alias, 1000, look, contextOf(sandbox().environment))
  const step = takeOff(facts, admin)
  expect(await step.verify(look)).toMatchObject({ ok: false })
  await step.apply(write, new AbortController().signal)
  expect(await step.verify(look)).toMatchObject({ ok: true })
  await adminLosesItsPod()
  return step.verify(look)
}

test('a name that loses its pod while its dead node is taken off stops nobody: no node that is left answers it either', async () => {
  await sandbox().nodes.setUp(second.alias, false)
  expect(await drained()).toMatchObject({ ok: true })
})

test('where the node answered the name before, it is to answer without it', async () => {
  expect(await drained()).toMatchObject({ ok: false, because: expect.stringContaining('answers 503') })
})
