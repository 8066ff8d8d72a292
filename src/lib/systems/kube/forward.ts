import type { Duplex } from 'node:stream'
import { Unreachable } from '../../errors.ts'
import { hasEnded, isLeaving, isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import { forwardToPod } from './forward-to-pod.ts'
import type { KubeClient } from './request.ts'
import type { Deployment, KubeReader, Pod } from './types.ts'

/** A selector of what a Deployment's pods carry: their labels stand in no source, the live object knows them. */
const selectorOf = ({ spec }: Pick<Deployment, 'spec'>): string =>
  Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

/** One connection to a port of a ready pod of a Deployment. */
export const forwardToDeployment = async (
  client: KubeClient,
  read: Pick<KubeReader, 'get' | 'pods'>,
  { namespace, deployment, port }: Parameters<KubeReader['forward']>[0],
): Promise<Duplex> => {
  const owner = await read.get('Deployment', deployment, namespace)
  const labels = owner ? selectorOf(owner) : ''
  if (!labels) {
    throw new Unreachable({
      code: 'kube-no-deployment',
      failed: `There is no Deployment ${namespace}/${deployment} to forward to`,
      next: sh`kubectl -n ${namespace} get deployments`,
    })
  }
  const found = await read.pods({ namespace, labels })
  const ready = found.find(isReady)
  if (!ready) {
    throw new Unreachable({
      code: 'kube-no-pod',
      failed: `No pod with ${labels} in ${namespace} is ready`,
      cause: whyNone(found),
      next: sh`kubectl -n ${namespace} get pods -l ${labels}`,
    })
  }
  return forwardToPod(client, { namespace, pod: ready.metadata.name, port })
}

const whyNone = (found: readonly Pod[]): string => {
  const living = found.filter((pod) => !hasEnded(pod))
  const leaving = living.filter(isLeaving).length
  if (living.length === 0) return found.length === 0 ? 'There is none' : 'Those that are there have ended'
  return leaving === living.length ? 'Those that are there are on their way out' : `Of ${living.length} none is ready`
}
