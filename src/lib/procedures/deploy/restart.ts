import type { Duration } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { Blocked } from '../../errors.ts'
import { noneLeft, podsOf, rolledOut, rolloutPatience, surges, watchingRollout } from '../../facts/cluster/rollout.ts'
import { gatherWorkload, isSteady, offerWorkloads, type Workload } from '../../facts/deploy/workload.ts'
import { argument, duration } from '../../plan/choice.ts'
import { type Change, defineProcedure, type Proof } from '../../plan/procedure.ts'
import { startedAt } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { noneIsLeft, type Stopping, start, stop } from './stop-and-start.ts'

interface RestartFacts extends Workload {
  /** Pods that started from then on count as restarted (RFC 3339). */
  readonly since: string
  readonly olderThan: Duration
  /** How many of its pods are older. */
  readonly old: number
  /** Somebody, or a run before this one, has asked for it since then already. */
  readonly underway: boolean
}

/** Every pod of one workload starts anew. What is so already is asked of the pods: one that started a moment ago was restarted. */
export const restart = defineProcedure({
  id: 'deploy:restart',
  title: 'Restart the pods of a workload',
  needs: ['kube'],
  choices: {
    workload: argument({ about: 'the Deployment: api, admin, web, worker or redis', ask: 'Which workload?' }),
    'older-than': duration({ about: 'younger pods count as restarted already', default: '10m' }),
  },
  offers: { workload: offerWorkloads },
  risk: () => 'disruptive',
  gather: async (input, look, context): Promise<RestartFacts> => {
    const workload = await gatherWorkload(input.workload, look, context)
    const { name, replicas, noted, deployment } = workload
    if (replicas === 0 && noted === undefined)
      throw new Blocked({
        code: 'deploy-nothing-runs',
        failed: `${name} has no replicas: there is nothing to restart`,
        cause: 'It was scaled to 0',
        next: sh`honeydue deploy:scale ${name} --replicas 1 --dry-run`,
      })
    const since = new Date(context.clock.now().getTime() - input['older-than']).toISOString()
    const pods = await look.kube.pods(podsOf(deployment))
    const asked = deployment.spec.template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt'] ?? ''
    return {
      ...workload,
      since,
      olderThan: input['older-than'],
      old: pods.filter((pod) => startedAt(pod) < since).length,
      underway: asked !== '' && Date.parse(asked) >= Date.parse(since),
    }
  },
  subject: ({ name }) => name,
  target: (facts) => [`Deployment ${facts.namespace}/${facts.name}, ${counted(facts.replicas, 'replica')}`],
  beyond: ({ name, deployment, replicas }) => [
    ...(name === 'redis' ? ['Redis is cache and job queue in one: while it starts, logins, requests and jobs fail'] : []),
    ...(replicas === 1 && !surges(deployment)
      ? [`${name} has one pod and its strategy stops it first: until the new one is ready, none runs`]
      : []),
  ],
  steps: (facts) => {
    if (facts.underway) return [restarted(facts)]
    return facts.singleton ? stopAndStart(facts) : [startAnew(facts)]
  },
})

const gone = { impossible: 'the pods that ran before are gone; the new ones run the same template' }

/** Every pod started within the time, and no other is left. */
const allYoung = ({ namespace, name, replicas, noted, since }: RestartFacts) => ({
  namespace,
  name,
  replicas: replicas || (noted ?? 1),
  fresh: (pod: Pod) => startedAt(pod) >= since,
})

const restarted = (facts: RestartFacts): Proof<'kube'> => {
  const { fresh, ...target } = allYoung(facts)
  return {
    title: `Every pod of ${facts.name} has started anew`,
    onlyAfterwards: true,
    holds: (look) => rolledOut(look.kube, target, fresh),
    within: rolloutPatience(facts.deployment),
    watching: watchingRollout(facts.deployment),
    shows: (prove) => prove.kube.rolledOut({ ...target, within: rolloutPatience(facts.deployment) }),
  }
}

const startAnew = (facts: RestartFacts): Change<'kube'> => {
  const { fresh, ...target } = allYoung(facts)
  return {
    title: `Restart ${facts.name}`,
    effect: [
      { what: `pods of ${facts.name}, ${facts.replicas}`, before: 'running', after: 'each replaced by a new one, as its strategy has it' },
    ],
    check: async () => isSteady(facts),
    apply: (write) => write.kube.restart(target),
    verify: (look) => rolledOut(look.kube, target, fresh),
    within: rolloutPatience(facts.deployment),
    watching: watchingRollout(facts.deployment),
    shows: (prove) => prove.kube.rolledOut({ ...target, within: rolloutPatience(facts.deployment) }),
    undo: gone,
  }
}

/** One that must not run twice is stopped first, whatever its strategy says. */
const stopAndStart = (facts: RestartFacts): readonly (Change<'kube'> | Proof<'kube'>)[] => {
  const { namespace, name, replicas, deployment, since } = facts
  const { fresh, ...target } = allYoung(facts)
  const one: Stopping = {
    namespace,
    name,
    deployment,
    replicas: target.replicas,
    before: 'running',
    check: async () => isSteady(facts),
    none: async (look) => noneLeft(await look.kube.pods(podsOf(deployment)), since),
  }
  const runs = (look: Readers<'kube'>) => rolledOut(look.kube, target, fresh)
  return [replicas === 0 ? noneIsLeft(one) : stop(one), start(one, { after: String(target.replicas), runs, undo: gone })]
}
