import { type Duration, minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { valueOr } from '../../facts/answer.ts'
import { podsOf, rolledOut, rolloutPatience, watchingRollout } from '../../facts/cluster/rollout.ts'
import { autoscalerOf, readAutoscalers } from '../../facts/deploy/autoscaler.ts'
import { type DatabaseRoom, gatherDatabaseRoom, leavesConnections } from '../../facts/deploy/database-room.ts'
import { fits, gatherRoom, type Room } from '../../facts/deploy/room.ts'
import { gatherWorkload, offerWorkloads, type Workload } from '../../facts/deploy/workload.ts'
import { argument, text, toggle } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Proof } from '../../plan/procedure.ts'
import { hasEnded } from '../../pod-state.ts'
import type { Provers, Readers } from '../../systems/systems.ts'

interface ScaleFacts extends Workload {
  readonly to: number
  /** Where the further pods could run; undefined where none are wanted. */
  readonly room: Room | undefined
  /** What their connections meet; undefined where it opens none, or opens no more. */
  readonly database: DatabaseRoom | undefined
  /** Somebody added it: it would set the replicas back. */
  readonly autoscaler: { readonly name: string; readonly uid: string } | undefined
  /** It is to be taken away. */
  readonly remove: boolean
  /** Budgets that ask for more pods than there will be: a drain would then wait for ever. */
  readonly budgets: readonly string[]
  /** Pods of one that is scaled up from 0, by their uid: they end still. */
  readonly old: readonly string[]
}

/** How many pods of a workload run. The worker is one by nature; more of any need room, and connections of the database. */
export const scale = defineProcedure({
  id: 'deploy:scale',
  title: 'Set the number of replicas of a workload',
  needs: ['kube', 'postgres'],
  choices: {
    workload: argument({ about: 'the Deployment: api, admin, web, worker or redis', ask: 'Which workload?' }),
    replicas: text({
      about: 'how many pods of it are to run',
      ask: 'How many replicas?',
      refuse: (value) => (/^(0|[1-9]\d?)$/.test(value) ? undefined : `"${value}" is no number from 0 to 99`),
    }),
    'remove-autoscaler': toggle({ about: 'take away the autoscaler that sets its replicas' }),
  },
  offers: { workload: offerWorkloads },
  // Without a pod of it nothing of it answers, and nobody makes the autoscaler again: that is typed.
  risk: (input) => (input.replicas === '0' || input['remove-autoscaler'] ? 'irreversible' : 'disruptive'),
  gather: async (input, look, context): Promise<ScaleFacts> => {
    const workload = await gatherWorkload(input.workload, look, context)
    const to = Number(input.replicas)
    const more = to - workload.replicas
    const [room, database, budgets, autoscalers, pods] = await Promise.all([
      more > 0 ? gatherRoom(workload.deployment, look) : undefined,
      more > 0 ? gatherDatabaseRoom(workload, more, look, context) : undefined,
      budgetsAbove(workload, to, look),
      readAutoscalers(look, workload.namespace),
      workload.replicas === 0 ? look.kube.pods(podsOf(workload.deployment)) : [],
    ])
    // Who may not list them is told nothing of it: the deployment has none.
    const found = autoscalerOf(valueOr(autoscalers, []), workload.name)?.metadata
    const autoscaler = found && { name: found.name, uid: found.uid ?? '' }
    return {
      ...workload,
      to,
      room,
      database,
      budgets,
      autoscaler,
      remove: input['remove-autoscaler'],
      old: pods.map(({ metadata }) => metadata.uid ?? ''),
    }
  },
  subject: ({ name }) => name,
  target: (facts) => [`Deployment ${facts.namespace}/${facts.name}, ${counted(facts.replicas, 'replica')}`],
  beyond: ({ name, to, replicas, budgets, database, deployment }) => [
    ...(to === 0 ? [`Without a pod nothing of ${name} answers, until it is scaled up again`] : []),
    ...budgets.map((budget) => `${budget}: while that is so, a drain of their nodes waits for ever`),
    ...(to > replicas && deployment.spec.paused ? [`The rollout of ${name} is paused: new pods are of the template that it had`] : []),
    ...(database?.unknown === undefined ? [] : [`Whether the database has connections for them could not be asked: ${database.unknown}`]),
    'The next deploy sets the number that its manifest has',
  ],
  steps: (facts) => [
    ...(facts.remove && facts.autoscaler ? [withoutAutoscaler(facts, facts.autoscaler)] : []),
    ...(facts.singleton && facts.replicas === 0 && facts.to > 0 ? [noneLeft(facts)] : []),
    ...(facts.replicas === facts.to ? [runs(facts)] : [setReplicas(facts)]),
  ],
})

const podsAre = async ({ namespace, name, to, deployment }: ScaleFacts, look: Readers<'kube'>): Promise<Finding> => {
  if (to > 0) return rolledOut(look.kube, { namespace, name, replicas: to }, () => true)
  const [now, pods] = await Promise.all([look.kube.get('Deployment', name, namespace), look.kube.pods(podsOf(deployment))])
  if ((now?.spec.replicas ?? 1) !== 0) return fails(`${name} is to have ${counted(now?.spec.replicas ?? 1, 'replica')}`)
  return pods.length === 0 ? holds : fails(`${counted(pods.length, 'pod')} of ${name} ${pods.length === 1 ? 'is' : 'are'} left`)
}

/** How long its pods may take to be as many. */
const patience = ({ to, deployment }: ScaleFacts): Duration =>
  to === 0 ? minutes(2) : rolloutPatience({ ...deployment, spec: { ...deployment.spec, replicas: to } })

const podsShown = (facts: ScaleFacts) => {
  const { namespace, name, to, deployment } = facts
  const within = patience(facts)
  return (prove: Provers<'kube'>) =>
    to === 0 ? prove.kube.noPods({ ...podsOf(deployment), within }) : prove.kube.rolledOut({ namespace, name, replicas: to, within })
}

const runs = (facts: ScaleFacts): Proof<'kube'> => ({
  title:
    facts.to === 0 ? `No pod of ${facts.name} runs` : `${counted(facts.to, 'pod')} of ${facts.name} ${facts.to === 1 ? 'is' : 'are'} ready`,
  onlyAfterwards: true,
  holds: (look) => podsAre(facts, look),
  within: patience(facts),
  watching: watchingRollout(facts.deployment),
  shows: podsShown(facts),
})

/** Scaled up while its last pod still ends, two would run. */
const noneLeft = ({ name, deployment, old }: ScaleFacts): Proof<'kube'> => ({
  title: `No old pod of ${name} is left`,
  onlyAfterwards: true,
  holds: async ({ kube }) => {
    const pods = await kube.pods(podsOf(deployment))
    return when(
      pods.every((pod) => hasEnded(pod) || !old.includes(pod.metadata.uid ?? '')),
      `a pod of ${name} is on its way out`,
    )
  },
  within: minutes(2),
  watching: watchingRollout(deployment),
  shows: (prove) => prove.kube.noPods({ ...podsOf(deployment), within: minutes(2) }),
})

const withoutAutoscaler = (
  { namespace, name }: ScaleFacts,
  autoscaler: NonNullable<ScaleFacts['autoscaler']>,
): Change<'kube' | 'postgres'> => ({
  title: `Remove the autoscaler ${autoscaler.name.slice(0, 37)}`,
  effect: [{ what: `what sets the replicas of ${name}`, before: `HorizontalPodAutoscaler ${autoscaler.name}`, after: 'nothing' }],
  apply: (write) => write.kube.removeAutoscaler({ namespace, ...autoscaler }),
  verify: async (look) => {
    const now = await look.kube.get('HorizontalPodAutoscaler', autoscaler.name, namespace)
    return when(now?.metadata.uid !== autoscaler.uid, `the autoscaler ${autoscaler.name} is still there`)
  },
  undo: { impossible: 'Nothing makes the autoscaler again: whoever wants it applies its manifest' },
})

/** It would set back what is set here, a moment after it was seen. */
const noneScales = ({ name, autoscaler, remove }: ScaleFacts): Finding =>
  autoscaler === undefined || remove
    ? holds
    : fails(
        `the autoscaler ${autoscaler.name} sets the replicas of ${name}, and would set them back; --remove-autoscaler takes it away first`,
      )

const setReplicas = (facts: ScaleFacts): Change<'kube' | 'postgres'> => {
  const { namespace, name, replicas, to } = facts
  return {
    title: `Scale ${name} from ${replicas} to ${to}`,
    effect: [{ what: `Deployment ${namespace}/${name}, replicas`, before: String(replicas), after: String(to) }],
    check: async () =>
      every([
        mayBe(facts),
        noneScales(facts),
        ...(facts.room ? [fits(name, to - replicas, facts.room)] : []),
        leavesConnections(facts.database),
      ]),
    apply: (write) => write.kube.scale({ namespace, name, from: replicas, to }),
    verify: (look) => podsAre(facts, look),
    within: patience(facts),
    watching: watchingRollout(facts.deployment),
    shows: podsShown(facts),
    undo:
      facts.singleton && replicas > 1
        ? { impossible: `It had ${replicas} pods, and only one ${name} may run at a time` }
        : (write) => write.kube.scale({ namespace, name, from: to, to: replicas }),
  }
}

const mayBe = ({ name, to, singleton }: ScaleFacts): Finding =>
  singleton && to > 1
    ? fails(
        `${name} is one of a kind (workloads.${name}.singleton): with ${to}, every job runs ${to === 2 ? 'twice' : `${to} times`}`,
        'honeydue deploy:status',
      )
    : holds

/** "api-pdb wants 2 pods of api": budgets of these pods that `to` does not reach. */
const budgetsAbove = async ({ namespace, name, deployment }: Workload, to: number, look: Readers<'kube'>): Promise<readonly string[]> => {
  const labels = deployment.spec.template.metadata?.labels ?? {}
  const budgets = await look.kube.list('PodDisruptionBudget', { namespace })
  return budgets.flatMap(({ metadata, spec: { minAvailable, selector } }) => {
    const matches = Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
    return matches && typeof minAvailable === 'number' && minAvailable > 0 && to <= minAvailable
      ? [`Budget ${metadata.name} wants ${counted(minAvailable, 'pod')} of ${name} at all times`]
      : []
  })
}
