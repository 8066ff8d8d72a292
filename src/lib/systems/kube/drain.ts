import type { Clock, Duration } from '../../clock.ts'
import { Failed, Moved, Trouble } from '../../errors.ts'
import { isDrained, isLeaving } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import { pathOf } from './kinds.ts'
import type { KubeClient } from './request.ts'
import { evictRequest } from './requests.ts'
import { isOfKind } from './shape.ts'
import { overBudget } from './trouble.ts'
import type { NodeTarget, Pod } from './types.ts'

/** What is refused is asked again after so long; kubectl drain waits 5 s. */
const pauses = { first: 250, longest: 5000 }

/**
 * Evicts what runs on a node, pod by pod, those that no budget holds before those that wait for one; returns when nothing is left that has not been told to go.
 * `dry`: each eviction is tried once as a server-side dry run, and what a budget says now is no refusal: it may say otherwise by then.
 */
export const drainNode = async (
  client: KubeClient,
  { node, within }: NodeTarget & { readonly within: Duration },
  { clock, signal, dry }: { readonly clock: Clock; readonly signal: AbortSignal; readonly dry: boolean },
): Promise<void> => {
  const end = clock.now().getTime() + within
  const list = `${pathOf('Pod')}?${new URLSearchParams({ fieldSelector: `spec.nodeName=${node}` })}`
  for (let pause = pauses.first; ; pause = Math.min(pause * 2, pauses.longest)) {
    const pods = await client.list<Pod>(list, (one) => isOfKind('Pod', one))
    const refused: string[] = []
    for (const { metadata } of pods.filter((pod) => isDrained(pod) && !isLeaving(pod))) {
      signal.throwIfAborted()
      const { name, namespace = '', uid = '' } = metadata
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
