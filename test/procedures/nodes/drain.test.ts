import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { drain } from '../../../src/lib/procedures/nodes/drain.ts'
import { namespace, nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { kubeClient } from '../../../src/lib/systems/kube/request.ts'
import { evictRequest } from '../../../src/lib/systems/kube/requests.ts'
import { contextOf } from '../../support/context.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { ready: 3000 } })
const { systems } = useSystems(sandbox)
const [first, second, third] = nodes
const pods = { group: '', resource: 'pods' }
const budgets = { group: 'policy', resource: 'poddisruptionbudgets' }

const client = () => sandbox().kubernetes.client
const plan = (node: string, within = 30_000) => prepare(drain, { node, within }, systems(), contextOf(sandbox().environment))
const on = ({ hostname }: { readonly hostname: string }) =>
  client()
    .list(pods, { namespace })
    .filter(({ spec }) => (spec as { nodeName?: string }).nodeName === hostname)
const of = (name: string, list: readonly KubeObject[]) =>
  list.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name)
/** A pod of web that the drain of hetzner2 does not meet. */
const webElsewhere = () => of('web', [...on(first), ...on(third)])[0]?.metadata.name ?? ''
const cordon = () =>
  client().update({ group: '', resource: 'nodes' }, second.hostname, undefined, (draft) => {
    draft['spec'] = { ...(draft['spec'] as object), unschedulable: true }
  })
const budget = (name: string, minAvailable: number | string) =>
  client().update(budgets, name, namespace, (draft) => {
    draft['spec'] = { ...(draft['spec'] as object), minAvailable }
  })

describe('nodes:drain', () => {
  test('says before it begins what Redis being on the node means, and wants that typed', async () => {
    const { plan: planned } = await plan(first.alias)
    expect(planned.blocked).toEqual([])
    expect(planned.risk).toBe('irreversible')
    expect(planned.outlier).toBe('Redis can run on hetzner1 alone: cache and job queue are away until it takes pods again')
    expect(planned.beyond).toEqual(
      expect.arrayContaining([
        'Deployment redis is away until hetzner1 takes pods again: its volume pvc-redis-data is on this node alone',
        expect.stringMatching(/^What is in an emptyDir ends with its pod: .*Deployment api/),
      ]),
    )
    expect(
      planned.steps.some(({ effect }) => effect.some(({ what, after }) => what === 'Deployment redis' && after.startsWith('away'))),
    ).toBe(true)
  })

  test('waits for a budget that lets none go now and will, having said so', async () => {
    client().delete(pods, webElsewhere(), namespace)
    await expect
      .poll(
        () => ((client().get(budgets, 'web', namespace)?.['status'] ?? {}) as { readonly disruptionsAllowed?: number }).disruptionsAllowed,
      )
      .toBe(0)
    const prepared = await plan(second.alias)
    expect(prepared.plan.blocked).toEqual([])
    expect(prepared.plan.beyond.join('\n')).toMatch(
      /The budget web lets none go now, for \d+ s: 2 of 3 are ready, and 2 must stay; it is waited for/,
    )
    const { trouble } = await perform(prepared, runOf(systems(), drain.needs))
    expect(trouble).toBeUndefined()
    expect(on(second).map(({ metadata }) => metadata.name)).toEqual([])
  }, 60_000)

  test.each([
    ['asks for every pod', () => budget('web', 3), /the budget web asks for 3 of 3 pods: it lets none go, ever/],
    ['asks for a share that is every pod', () => budget('admin', '1%'), /the budget admin asks for 1 of 1 pods: it lets none go, ever/],
  ])('refuses before it begins where a budget %s', async (_, arrange, because) => {
    arrange()
    // Wherever the one pod of admin is.
    const found = await Promise.all(nodes.map(async ({ alias }) => (await plan(alias)).plan.blocked.join('\n')))
    expect(found.join('\n')).toMatch(because)
  })

  test('gives up on a budget at its deadline, with the budget’s own words, and evicts what may go', async () => {
    budget('web', 3)
    cordon()
    const began = Date.now()
    await expect(systems().kube.write.drain({ node: second.hostname, within: 1200 }, new AbortController().signal)).rejects.toMatchObject({
      code: 'kube-budget',
      failed: 'a pod could not be evicted within 1 s',
      likely: expect.stringMatching(/^honeydue\/web-\S+: The disruption budget web needs 3 healthy pods and has 3 currently$/),
    })
    expect(Date.now() - began).toBeLessThan(5000)
    expect(of('web', on(second))).toHaveLength(1)
    await expect.poll(() => on(second).filter(({ metadata }) => metadata.deletionTimestamp === undefined).length).toBe(1)
  })

  test('stops at once where it is told to', async () => {
    budget('web', 3)
    await expect(systems().kube.write.drain({ node: second.hostname, within: 60_000 }, AbortSignal.timeout(300))).rejects.toMatchObject({
      name: 'TimeoutError',
    })
  })

  test('an eviction for a pod that is gone does nothing to the one that has its name by now', async () => {
    const [pod] = of('admin', client().list(pods, { namespace }))
    const { name = '' } = pod?.metadata ?? {}
    const request = evictRequest({ namespace, name, uid: '00000000-0000-0000-0000-000000000000' })
    const api = kubeClient({ kubeconfigs: sandbox().environment.kubeconfig, controlPlane: [], clock: systemClock })
    await expect(api.write(request)).rejects.toMatchObject({ code: 'kube-moved' })
    api.close()
    expect(client().get(pods, name, namespace)?.metadata.deletionTimestamp).toBeUndefined()
  })
})
