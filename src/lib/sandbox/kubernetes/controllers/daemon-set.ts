import type { KubeObject } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import { as, core, daemonSets, filled, isActive, isReady, owns, pods, podsOf, setStatus, type Template } from './objects.ts'
import { podFrom } from './replica-set.ts'
import { fits, type Node } from './scheduler.ts'
import { templateHash } from './template-hash.ts'

const source = { component: 'daemonset-controller' }

/** One pod of a DaemonSet on every node that its template fits; pods of an older template are replaced one at a time. */
export function reconcileDaemonSet({ client, event }: Context, name: string, namespace: string | undefined): void {
  const found = client.get(daemonSets, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const set = as<KubeObject & { spec: { template: Template }; status: Record<string, number> }>(found)
  const { template } = set.spec
  const hash = templateHash(template)
  const tolerations = ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: key === 'not-ready' || key === 'unreachable' ? 'NoExecute' : 'NoSchedule',
  }))
  const spec = { ...template.spec, tolerations: [...(template.spec.tolerations ?? []), ...tolerations] }
  const nodes = client
    .list(core('nodes'))
    .map((node) => as<Node>(node))
    .filter((node) => fits({ spec }, node) === undefined)
  const mine = podsOf(client, namespace).filter((pod) => owns(set, pod))
  for (const node of nodes) {
    if (mine.some((pod) => pod.spec.nodeName === node.metadata.name)) continue
    const labels = {
      ...template.metadata?.labels,
      'controller-revision-hash': hash,
      'pod-template-generation': String(set.metadata.generation ?? 1),
    }
    const pod = tolerant(() =>
      client.create(podFrom(set, { metadata: { ...template.metadata, labels }, spec: { ...spec, nodeName: node.metadata.name } })),
    )
    if (pod) event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, source)
  }
  const live = podsOf(client, namespace).filter((pod) => owns(set, pod) && isActive(pod))
  const stale = live.find((pod) => pod.metadata.labels?.['controller-revision-hash'] !== hash)
  if (stale && live.every((pod) => isReady(pod) || pod === stale)) {
    client.delete(pods, stale.metadata.name, namespace)
    event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${stale.metadata.name}`, source)
  }
  const ready = live.filter(isReady).length
  const updated = live.filter((pod) => pod.metadata.labels?.['controller-revision-hash'] === hash).length
  setStatus(client, daemonSets, set, {
    currentNumberScheduled: live.length,
    numberMisscheduled: 0,
    desiredNumberScheduled: nodes.length,
    numberReady: ready,
    ...filled({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: updated,
      numberAvailable: ready,
      numberUnavailable: nodes.length - ready,
    }),
  })
}
