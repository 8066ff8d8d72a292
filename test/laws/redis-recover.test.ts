import { describe, expect, test } from 'vitest'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { recover } from '../../src/lib/procedures/redis/recover.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { eventually, machineGone, useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const [first, second, third] = nodes
const input = { node: third.alias }
const pods = { group: '', resource: 'pods' }
const claims = { group: '', resource: 'persistentvolumeclaims' }
const client = () => sandbox().kubernetes.client
const redis = () => client().get({ group: 'apps', resource: 'deployments' }, 'redis', namespace) as KubeObject
const template = () =>
  (redis()['spec'] as { template: { spec: { nodeSelector?: Record<string, string>; volumes: unknown } } }).template.spec

const isReady = ({ status }: KubeObject) =>
  (status as { conditions?: { type: string; status: string }[] }).conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
const readyOn = () =>
  client()
    .list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'redis' } })
    .filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
    .map(({ spec }) => (spec as { nodeName?: string }).nodeName)

const observe = () => ({
  pin: template().nodeSelector,
  volumes: template().volumes,
  claims: client()
    .list(claims, { namespace })
    .map(({ metadata }) => metadata.name)
    .sort(),
  on: readyOn(),
  jobs: sandbox()
    .redis.store.keys()
    .filter((key) => key.startsWith('asynq:{default}:t:')).length,
})
const gone = async () => void (await worlds['the machine of Redis gone'](sandbox()))
/** What a run that was killed after its second change has left. */
const pinned = async () => {
  await gone()
  const { metadata, spec } = client().get(claims, 'redis-data', namespace) as KubeObject
  const { volumeName: _, ...wanted } = spec as { volumeName?: string }
  client().create({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'redis-data-hetzner3', namespace: metadata.namespace ?? '' },
    spec: wanted,
  })
  client().update({ group: 'apps', resource: 'deployments' }, 'redis', namespace, (draft) => {
    const { template: one } = draft['spec'] as { template: { spec: object } }
    one.spec = {
      ...one.spec,
      nodeSelector: { 'kubernetes.io/hostname': third.hostname },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'redis-data-hetzner3' } }],
    }
  })
}

laws(
  recover,
  {
    systems,
    environment: () => sandbox().environment,
    observe,
    reset: async () => {
      await close()
      await sandbox().reset()
    },
    planted: plantedValues,
  },
  [
    { name: 'its machine is gone', input, arrange: gone, meets: 'work' },
    { name: 'a run that was killed before the pod was taken off', input, arrange: pinned, meets: 'work' },
    { name: 'it runs there', input: { node: first.alias }, arrange: () => {}, meets: 'nothing to do' },
    { name: 'it serves', input, arrange: () => {}, refused: /Redis serves on hetzner1: moved, its queue and its caches would stay behind/ },
    {
      name: 'its machine is NotReady, and answers over SSH',
      input,
      arrange: async () => {
        await gone()
        await sandbox().nodes.setUp(first.alias, true)
        // Its kubelet is what is silent.
        sandbox().nodes.node(first.alias).state.write('services/k3s', 'inactive\n')
        await machineIsSilent()
      },
      refused: /hetzner1 is NotReady and answers over SSH: its Redis may run on, and two would take jobs/,
    },
    {
      name: 'the other node takes no pods',
      input: { node: second.alias },
      arrange: async () => {
        await gone()
        await worlds['hetzner2 cordoned'](sandbox())
      },
      refused: /hetzner2 takes no pods now/,
    },
    {
      name: 'its claim is not there',
      input,
      arrange: async () => {
        await gone()
        client().update({ group: 'apps', resource: 'deployments' }, 'redis', namespace, (draft) => {
          const { template: one } = draft['spec'] as { template: { spec: { volumes: unknown } } }
          one.spec.volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'another' } }]
        })
      },
      refused: /Redis has no claim to take size and class from: another is not there/,
    },
  ],
)

async function machineIsSilent() {
  const node = () => client().get({ group: '', resource: 'nodes' }, first.hostname) as KubeObject
  const { state } = sandbox().nodes.node(first.alias)
  state.write('services/k3s', 'inactive\n')
  await machineGone(sandbox(), 0)
  await sandbox().nodes.setUp(first.alias, true)
  expect(isReady(node())).toBe(false)
}

const gather = () =>
  recover.gather(input, readersOf(systems(), recover.needs), contextOf(sandbox().environment) as Parameters<typeof recover.gather>[2])

describe('redis:recover', () => {
  test('what is lost is said, in numbers where Redis answers, and what is not known where it does not', async () => {
    expect(recover.beyond?.(await gather()).join('\n')).toMatch(
      /the queue is lost .*\nBehind stay \d+ pending, .* archived jobs\n.*redis-data keeps its volume[\s\S]*periodic jobs are queued by the worker: reminder:task/,
    )
    await gone()
    await close()
    expect(recover.beyond?.(await gather()).join('\n')).toMatch(/How many jobs that are is not known: /)
  })

  test('back on the machine of before it has what its volume had', async () => {
    const facts = await recover.gather(
      { node: first.alias },
      readersOf(systems(), recover.needs),
      contextOf(sandbox().environment) as Parameters<typeof recover.gather>[2],
    )
    expect([facts.wanted, facts.there]).toEqual(['redis-data', true])
    expect(recover.beyond?.({ ...facts, pin: third.hostname })[0]).toMatch(
      /^It starts with what is in the volume of redis-data, which may be old/,
    )
  })

  test('an empty volume is bound where its pod is placed', async () => {
    await pinned()
    for (const { metadata, spec } of client().list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'redis' } }))
      if ((spec as { nodeName?: string }).nodeName === first.hostname)
        client().delete(pods, metadata.name, namespace, { gracePeriodSeconds: 0 })
    await eventually(async () => readyOn().includes(third.hostname))
    const bound = client().get(claims, 'redis-data-hetzner3', namespace)?.['spec'] as { volumeName: string }
    const volume = client().get({ group: '', resource: 'persistentvolumes' }, bound.volumeName)
    expect(JSON.stringify(volume?.['spec'])).toContain(third.hostname)
  })
})
