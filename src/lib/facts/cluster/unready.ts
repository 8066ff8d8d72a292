import type { Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { clipped } from './clipped.ts'
import { endingOf } from './ending.ts'
import { tellingOf } from './events.ts'
import { lastWords, lastWordsTail } from './last-words.ts'
import { unplaced } from './unplaced.ts'

type Kube = Readers<'kube'>['kube']

/** Reasons that no waiting cures. */
const stuck = new Set([
  'CrashLoopBackOff',
  'ImagePullBackOff',
  'ErrImagePull',
  'ErrImageNeverPull',
  'InvalidImageName',
  'CreateContainerConfigError',
])
const longest = 200

/** Why waiting for this pod is in vain, in the kubelet's words; undefined where it may still become ready. */
export const stuckBecause = ({ status }: Pod): string | undefined => {
  for (const one of [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) {
    const { reason, message: said } = one.state?.waiting ?? {}
    // What it wrote at its end says more than how long the kubelet waits to try again.
    const message = reason === 'CrashLoopBackOff' ? (endingOf(one) ?? said) : said
    if (reason !== undefined && stuck.has(reason)) return `${reason}${message ? ` (${clipped(message, longest)})` : ''}`
  }
  return undefined
}

/** What a pod that is not ready says last; what is said of it where it says nothing: by the scheduler, or by the kubelet in an event. Begins with "; ". */
export const lastWordsOf = async (kube: Kube, pod: Pod): Promise<string> => {
  const { metadata, spec, status } = pod
  const noNode = unplaced(pod)
  if (noNode) return `; ${metadata.name} has no node: ${clipped(noNode.message ?? noNode.reason ?? '', longest)}`
  const container = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(({ ready }) => !ready)?.name
  const at = { namespace: metadata.namespace ?? '', pod: metadata.name, tail: lastWordsTail }
  const of = container === undefined || spec.containers.length + (spec.initContainers ?? []).length === 1 ? {} : { container }
  const words = async (previous: boolean) => lastWords(await kube.log({ ...at, ...of, previous }).catch(() => []))
  const said = (await words(false)) ?? (await words(true))
  if (said !== undefined) return `; ${metadata.name} says last: ${clipped(said, longest)}`
  const fields = `involvedObject.kind=Pod,involvedObject.name=${metadata.name},type=Warning`
  const event = tellingOf(await kube.list('Event', { namespace: at.namespace, fields }).catch(() => []))
  return event ? `; of ${metadata.name}: ${clipped(event, longest)}` : ''
}
