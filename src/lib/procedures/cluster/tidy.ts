import { chunksOf } from '../../chunks.ts'
import { counted } from '../../counted.ts'
import { timeAndAge } from '../../facts/ages.ts'
import { type Leftover, leftoverJobs, leftoverPods } from '../../facts/cluster/leftovers.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import { type Change, type Difference, defineProcedure } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'

/** Takes away what has ended and lies about: pods that were evicted, failed or completed, and Jobs that ended more than a day ago; never what runs. */
export const tidy = defineProcedure({
  id: 'cluster:tidy',
  title: 'Remove ended pods and old finished Jobs',
  needs: ['kube'],
  choices: {},
  // What is taken away does nothing any more; but its last words go with it.
  risk: () => 'irreversible',
  gather: async (_, { kube }, { environment: { namespace }, clock }) => {
    const [pods, jobs] = await Promise.all([kube.pods(), kube.list('Job', { namespace })])
    const now = clock.now()
    return { namespace, now, pods: leftoverPods(pods), jobs: leftoverJobs(jobs, now) }
  },
  // Not what was found: after a run that was cut off there is less of it, and the same line goes on.
  subject: ({ namespace }) => namespace,
  beyond: ({ pods, jobs, namespace }) => [
    ...(pods.length + jobs.length > 0
      ? [`Why they ended goes with them, and what is left of their logs: ${sh`kubectl -n ${namespace} describe pod`} POD`]
      : []),
    `Jobs of other namespaces than ${namespace}, of a CronJob, of migrations, and those that ended within a day stay`,
  ],
  steps: ({ pods, jobs, now }) => [...partsOf(pods).map((part) => remove(part, now)), ...partsOf(jobs).map((part) => remove(part, now))],
})

/** So many are one step. */
const together = 50
/** So many of a step are named; of the others their number is told. */
const named = 12

/** The pods of one workload together, and all Jobs. */
const partsOf = (all: readonly Leftover[]): readonly (readonly [Leftover, ...Leftover[]])[] => {
  const groups = new Map<string, Leftover[]>()
  for (const one of [...all].sort((a, b) => a.at.localeCompare(b.at) || a.name.localeCompare(b.name))) {
    const key = one.kind === 'Job' ? 'Job' : `${one.namespace}/${one.owner === one.name ? '' : one.owner}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.entries()].sort(([a], [b]) => a.localeCompare(b)).flatMap(([, group]) => chunksOf(group, together))
}

const remove = (part: readonly [Leftover, ...Leftover[]], now: Date): Change<'kube'> => {
  const [{ kind, namespace, owner, name }] = part
  const thing = kind === 'Pod' ? 'ended pod' : 'finished Job'
  return {
    title: `Remove ${counted(part.length, thing)}${kind === 'Job' || owner === name ? '' : ` of ${owner.slice(0, 36)}`}`,
    effect: [
      ...part.slice(0, named).map(
        (one): Difference => ({
          what: `${kind} ${one.namespace}/${one.name}`,
          before: one.reason,
          after: 'gone',
          note: timeAndAge(one.at, now),
        }),
      ),
      ...(part.length > named
        ? [{ what: `${part.length - named} more of them`, before: 'ended', after: 'gone', count: part.length - named }]
        : []),
    ],
    check: async () =>
      every(part.map((one) => when(one.held.length === 0, `${kind} ${one.name} is held back by ${one.held.join(', ')}, and would not go`))),
    apply: async (write) => {
      for (const { name, namespace, uid } of part)
        await (kind === 'Pod' ? write.kube.removePod({ namespace, name, uid }) : write.kube.removeJob({ namespace, name, uid }))
    },
    verify: (look) => areGone(part, namespace, look),
    undo: { impossible: 'what has ended is not brought back: what it was of has started another, or nothing is to' },
  }
}

const areGone = async (part: readonly [Leftover, ...Leftover[]], namespace: string, { kube }: Readers<'kube'>) => {
  const [{ kind }] = part
  const there = new Set((await kube.list(kind, { namespace })).map(({ metadata }) => metadata.uid))
  const left = part.filter(({ uid }) => there.has(uid))
  return left.length === 0
    ? holds
    : fails(
        `${left
          .map(({ name }) => name)
          .slice(0, 5)
          .join(', ')} ${left.length === 1 ? 'is' : 'are'} still there`,
      )
}
