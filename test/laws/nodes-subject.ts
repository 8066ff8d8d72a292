import { systemClock } from '../../src/lib/clock.ts'
import { beforeRebootNote } from '../../src/lib/notes.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import { eventually } from '../support/worlds.ts'
import { useEdge } from './edge-subject.ts'

export const machines = { group: '', resource: 'nodes' }
const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }
const budgets = { group: 'policy', resource: 'poddisruptionbudgets' }

type Conditions = readonly { readonly type: string; readonly status: string }[]

const isReady = ({ metadata, status }: KubeObject): boolean =>
  metadata.deletionTimestamp === undefined &&
  ((status as { conditions?: Conditions } | undefined)?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')

const nameOf = ({ metadata }: KubeObject): string => metadata.labels?.['app.kubernetes.io/name'] ?? metadata.name

/** Of each workload, how many of its pods are ready, once nothing moves any more; and which nodes take pods. */
export const clusterOf = async ({ kubernetes: { client } }: Sandbox) => {
  const wanted = client.list(deployments).reduce((sum, { spec }) => sum + ((spec as { replicas?: number }).replicas ?? 1), 0)
  const own = () => client.list(pods).filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicaSet'))
  for (let round = 0, same = 0, before = ''; round < 200 && same < 10; round++) {
    const ready = own().filter(isReady).length
    if (ready === wanted && own().length === wanted) break
    const now = own()
      .map((pod) => `${pod.metadata.name} ${isReady(pod)}`)
      .join()
    same = now === before ? same + 1 : 0
    before = now
    await systemClock.sleep(20)
  }
  return {
    ready: client
      .list(deployments)
      .map(({ metadata: { name } }) => [name, own().filter((pod) => nameOf(pod) === name && isReady(pod)).length]),
    cordoned: client
      .list(machines)
      .map(({ metadata, spec }) => [metadata.name, (spec as { unschedulable?: boolean }).unschedulable ?? false]),
  }
}

/** The nodes of a sandbox under the laws: its edge, and what the cluster makes of each. */
export const useNodes = ({ afresh = false } = {}) => {
  const edge = useEdge({ afresh, speed: { nodeGrace: 2000 } })
  const client = () => edge.sandbox().kubernetes.client
  const cordon = (index: 0 | 1 | 2) =>
    client().update(machines, nodes[index].hostname, undefined, (draft) => {
      draft['spec'] = { ...(draft['spec'] as object), unschedulable: true }
    })
  return {
    ...edge,
    subject: {
      ...edge.subject,
      observe: async () => ({ ...edge.subject.observe(), ...(await clusterOf(edge.sandbox())) }),
    },
    client,
    cordon,
    /** Leaves the note of how a node was before it was taken out of service. */
    noted: (index: 0 | 1 | 2, former: object) =>
      client().update(machines, nodes[index].hostname, undefined, ({ metadata }) => {
        metadata.annotations = { ...metadata.annotations, [beforeRebootNote]: JSON.stringify(former) }
      }),
    /** The nodes that have such a note. */
    notedNow: () =>
      client()
        .list(machines)
        .filter(({ metadata }) => metadata.annotations?.[beforeRebootNote] !== undefined)
        .map(({ metadata }) => metadata.name),
    /** Asks for so many pods of a workload to stay, always. */
    budget: (name: string, minAvailable: number) =>
      client().update(budgets, name, namespace, (draft) => {
        draft['spec'] = { ...(draft['spec'] as object), minAvailable }
      }),
    secondBudget: (name: string) => {
      const { spec } = client().get(budgets, name, namespace) as KubeObject
      client().create({
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: `${name}-too`, namespace },
        spec: spec as object,
      })
    },
    /** Its kubelet says nothing, and the cluster has noticed. */
    away: async (index: 0 | 1 | 2) => {
      const { alias, hostname } = nodes[index]
      await edge.sandbox().nodes.setUp(alias, false)
      await eventually(async () => !isReady(client().get(machines, hostname) as KubeObject))
    },
    /** Everything but daemons is off it, as after a drain. */
    emptied: async (index: 0 | 1 | 2) => {
      cordon(index)
      const here = () =>
        client()
          .list(pods)
          .filter(
            ({ metadata, spec }) =>
              (spec as { nodeName?: string }).nodeName === nodes[index].hostname &&
              metadata.ownerReferences?.some(({ kind }) => kind === 'ReplicaSet'),
          )
      for (const { metadata } of here()) client().delete(pods, metadata.name, metadata.namespace)
      await eventually(async () => here().length === 0)
      await clusterOf(edge.sandbox())
    },
    /** A pod that nobody made but somebody's kubectl run. */
    bare: async (index: 0 | 1 | 2) => {
      client().create({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'debug', namespace },
        spec: { nodeName: nodes[index].hostname, containers: [{ name: 'sh', image: 'busybox' }] },
      })
      await eventually(async () => isReady(client().get(pods, 'debug', namespace) as KubeObject))
    },
  }
}
