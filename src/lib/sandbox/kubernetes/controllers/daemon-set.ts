import type { KubeObject } from '../types.ts'
import { type Context, tolerant } from './context.ts'
import { share } from './deployment-sets.ts'
import {
  as,
  controllerRevisions,
  core,
  daemonSets,
  filled,
  isActive,
  isAvailable,
  isReady,
  owns,
  type Pod,
  pods,
  podsOf,
  setStatus,
  type Template,
} from './objects.ts'
import { podFrom } from './replica-set.ts'
import { currentRevision } from './revisions.ts'
import { fits, type Node } from './scheduler.ts'
import { templateHash } from './template-hash.ts'

export interface DaemonSet extends KubeObject {
  spec: {
    template: Template
    minReadySeconds?: number
    revisionHistoryLimit?: number
    updateStrategy: { type: string; rollingUpdate?: { maxUnavailable?: number | string } }
  }
}

const source = { component: 'daemonset-controller' }
const generation = 'deprecated.daemonset.template.generation'
const tolerations = ['not-ready', 'unreachable', 'disk-pressure', 'memory-pressure', 'pid-pressure', 'unschedulable'].map((key) => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect: key === 'not-ready' || key === 'unreachable' ? 'NoExecute' : 'NoSchedule',
}))
/** The node that a pod of a DaemonSet is for, whether or not it is there yet. */
const nodeOf = ({ spec }: Pod): string | undefined =>
  spec.nodeName ??
  spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0]

/** One pod of a DaemonSet on every node that its template fits; pods of an older template go as many at a time as may be unavailable. */
export function reconcileDaemonSet(context: Context, name: string, namespace: string | undefined, again: () => void): void {
  const { client, event, after, settling } = context
  const found = client.get(daemonSets, name, namespace)
  if (!found || found.metadata.deletionTimestamp) return
  const set = as<DaemonSet>(found)
  const { template, updateStrategy, minReadySeconds = 0 } = set.spec
  const hash = templateHash(template)
  const number = set.metadata.annotations?.[generation] ?? '1'
  const spec = { ...template.spec, tolerations: [...(template.spec.tolerations ?? []), ...tolerations] }
  const stays = { ...spec, tolerations: [...spec.tolerations, { operator: 'Exists', effect: 'NoSchedule' }] }
  const nodes = client.list(core('nodes')).map((node) => as<Node>(node))
  const wanted = nodes.filter((node) => fits({ spec }, node) === undefined).map(({ metadata }) => metadata.name)
  const kept = nodes.filter((node) => fits({ spec: stays }, node) === undefined).map(({ metadata }) => metadata.name)
  const mine = () => podsOf(client, namespace).filter((pod) => owns(set, pod))
  const live = () => mine().filter(isActive)
  const remove = (pod: Pod): void => {
    client.delete(pods, pod.metadata.name, namespace)
    event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`, source)
  }
  for (const pod of live()) if (!kept.includes(nodeOf(pod) ?? '')) remove(pod)
  const labels = { ...template.metadata?.labels, 'controller-revision-hash': hash, 'pod-template-generation': number }
  const there = new Set(mine().map(nodeOf))
  for (const node of wanted.filter((one) => !there.has(one))) {
    const only = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }
    const affinity = {
      ...spec.affinity,
      nodeAffinity: { ...spec.affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [only] } },
    }
    const whole = { ...spec, affinity, ...(settling() ? { nodeName: node } : {}) }
    const pod = tolerant(() => client.create(podFrom(set, { metadata: { ...template.metadata, labels }, spec: whole })))
    if (pod) event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`, source)
  }
  currentRevision(client, set, hash, { spec: { template: { ...template, $patch: 'replace' } } }, { [generation]: number })
  const isNew = (pod: Pod) => pod.metadata.labels?.['controller-revision-hash'] === hash
  const available = (pod: Pod) => isAvailable(pod, minReadySeconds)
  const old = live().filter((pod) => !isNew(pod))
  if (updateStrategy.type === 'RollingUpdate') {
    const most = share(updateStrategy.rollingUpdate?.maxUnavailable ?? 1, wanted.length, Math.ceil)
    const room = most - (wanted.length - live().filter(available).length)
    const [serving, broken] = [old.filter(available), old.filter((pod) => !available(pod))]
    for (const pod of [...broken, ...serving.slice(0, Math.max(0, room))]) remove(pod)
  }
  const now = live().filter((pod) => wanted.includes(nodeOf(pod) ?? ''))
  const ready = now.filter(isReady)
  if (ready.some((pod) => !available(pod))) after(500, again)
  setStatus(client, daemonSets, set, {
    currentNumberScheduled: now.length,
    numberMisscheduled: live().length - now.length,
    desiredNumberScheduled: wanted.length,
    numberReady: ready.length,
    ...filled({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: now.filter(isNew).length,
      numberAvailable: now.filter(available).length,
      numberUnavailable: wanted.length - now.filter(available).length,
    }),
  })
  const used = new Set(mine().map((pod) => pod.metadata.labels?.['controller-revision-hash']))
  const limit = set.spec.revisionHistoryLimit ?? 10
  const spare = client
    .list(controllerRevisions, { namespace: namespace ?? '' })
    .filter((one) => owns(set, one) && one.metadata.labels?.['controller-revision-hash'] !== hash)
    .filter((one) => !used.has(one.metadata.labels?.['controller-revision-hash']))
    .sort((a, b) => Number(a['revision']) - Number(b['revision']))
  for (const one of spare.slice(0, Math.max(0, spare.length - limit))) client.delete(controllerRevisions, one.metadata.name, namespace)
}
