import { minutes } from '../../clock.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { every, when } from '../../plan/finding.ts'
import type { Proof } from '../../plan/procedure.ts'
import { hasEnded, isLeaving, isReady } from '../../pod-state.ts'
import type { Pod } from '../../systems/kube/types.ts'

/** A workload of which a pod finds no node. */
export interface Waiting {
  readonly owner: string
  readonly namespace: string
}

/** Workloads of which a pod waits for a node. */
export const waitingFor = (pods: readonly Pod[]): readonly Waiting[] => [
  ...new Map(
    pods
      .filter((pod) => pod.spec.nodeName === undefined && !hasEnded(pod) && !isLeaving(pod))
      .map((pod) => [`${pod.metadata.namespace} ${ownerOf(pod)}`, { owner: ownerOf(pod), namespace: pod.metadata.namespace ?? '' }]),
  ).values(),
]

/** They have found one and are ready; nothing where none waits. */
export const runAgain = (waiting: readonly Waiting[]): readonly Proof<'kube'>[] =>
  waiting.length === 0
    ? []
    : [
        {
          title: `What waited for a node runs: ${waiting.map(({ owner }) => owner).join(', ')}`,
          onlyAfterwards: true,
          holds: async (look) => {
            const pods = await look.kube.pods()
            return every(
              waiting.map(({ owner, namespace }) => {
                const own = pods.filter(
                  (pod) => pod.metadata.namespace === namespace && ownerOf(pod) === owner && !hasEnded(pod) && !isLeaving(pod),
                )
                const ready = own.filter(isReady).length
                return when(own.length > 0 && ready === own.length, `${ready} of ${own.length} pods of ${owner} are ready`)
              }),
            )
          },
          within: minutes(5),
        },
      ]
