import type { Clock, Duration } from '../../clock.ts'
import { Failed, Moved, Trouble } from '../../errors.ts'
import { isDrained, isLeaving, isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import { pathOf } from './kinds.ts'
import type { KubeClient } from './request.ts'
import { evictRequest, restartRequest } from './requests.ts'
import { isOfKind } from './shape.ts'
import { overBudget } from './trouble.ts'
import type { Labelled, NodeTarget, Pod } from './types.ts'

/** What is refused is asked again after so long; kubectl drain waits 5 s. */
const pauses = { first: 250, longest: 5000 }

/**
 * Evicts what runs on a node, pod by pod, those that no budget holds before those that wait for one; returns when nothing is left that has not been told to go.
 * `dry`: each eviction is tried once as a server-side dry run, and what a budget says now is no refusal: it may say otherwise by then.
 */
export const drainNode = async (
  client: KubeClient,
  { node, within, gently = [] }: NodeTarget & { readonly within: Duration; readonly gently?: readonly Labelled[] },
  { clock, signal, dry }: { readonly clock: Clock; readonly signal: AbortSignal; readonly dry: boolean },
): Promise<void> => {
  const end = clock.now().getTime() + within
  const list = `${pathOf('Pod')}?${new URLSearchParams({ fieldSelector: `spec.nodeName=${node}` })}`
  const begun = new Set<Labelled>()
  /** The Deployment whose last ready pod this is, where another can be started first. */
  const onlyHere = async ({ metadata: { namespace = '', ownerReferences = [] } }: Pod): Promise<Labelled | undefined> => {
    const set = ownerReferences.find(({ kind }) => kind === 'ReplicaSet')?.name.replace(/-[^-]+$/, '')
    const own = gently.find((one) => one.namespace === namespace && one.name === set)
    if (own === undefined) return undefined
    const path = `${pathOf('Pod', namespace)}?${new URLSearchParams({ labelSelector: own.labels })}`
    const others = await client.list<Pod>(path, (one) => isOfKind('Pod', one))
    return others.some((one) => isReady(one) && one.spec.nodeName !== node) ? undefined : own
  }
  for (let pause = pauses.first; ; pause = Math.min(pause * 2, pauses.longest)) {
    const pods = await client.list<Pod>(list, (one) => isOfKind('Pod', one))
    const refused: string[] = []
    for (const pod of pods.filter((one) => isDrained(one) && !isLeaving(one))) {
      signal.throwIfAborted()
      const { name, namespace = '', uid = '' } = pod.metadata
      const only = await onlyHere(pod)
      if (only) {
        if (!begun.has(only)) await client.write({ ...restartRequest(only, clock.now()), dry })
        begun.add(only)
        refused.push(`${namespace}/${name}: the pod of ${only.name} that takes its place is not ready`)
        continue
      }
      await client.write({ ...evictRequest({ namespace, name, uid }), dry }).catch((error: unknown) => {
        // It is gone already, or another has its name.
        if (error instanceof Moved) return
        if (!(error instanceof Trouble) || !mayPass.has(error.code)) throw error
        refused.push(`${namespace}/${name}: ${error.likely ?? error.failed}`)
      })
    }
    if (dry || refused.length === 0) return
    if (clock.now().getTime() + pause > end) {
      throw new Failed({
        code: overBudget,
        failed: `${refused.length === 1 ? 'a pod' : `${refused.length} pods`} could not be evicted within ${Math.round(within / 1000)} s`,
        cause: refused.join('; '),
        next: sh`kubectl get poddisruptionbudgets --all-namespaces`,
      })
    }
    await clock.sleep(pause, signal)
  }
}

/** A budget has room again when a pod is ready, and a server that has too much to do has time again. */
const mayPass: ReadonlySet<string> = new Set([overBudget, 'kube-busy'])
