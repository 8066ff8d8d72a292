import { isRollingOut, surges } from '../../facts/cluster/rollout.ts'
import { gatherWorkload, offerWorkloads, type Workload } from '../../facts/deploy/workload.ts'
import { argument } from '../../plan/choice.ts'
import { type Finding, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'

/** Stops a rollout where it is: pods of both revisions go on serving until it is resumed. */
export const pause = defineProcedure({
  id: 'deploy:pause',
  title: 'Stop the rollout of a workload in the middle',
  needs: ['kube'],
  choices: { workload: argument({ about: 'the Deployment: api, admin, web, worker or redis', ask: 'Which workload?' }) },
  offers: { workload: offerWorkloads },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherWorkload(input.workload, look, context),
  subject: ({ name }) => name,
  target: (facts) => [`Deployment ${facts.namespace}/${facts.name}`],
  beyond: (facts) => [
    ...(isRollingOut(facts.deployment) ? [] : [`${facts.name} is not rolling out: what is paused is the next rollout`]),
    `While it is paused, no deploy, restart or change of the image takes effect; honeydue deploy:resume ${facts.name} lets it go on`,
  ],
  steps: (facts) => [{ ...setPaused(facts, true), check: async () => leavesPods(facts) }],
})

/** A strategy that stops the old pods first has none to leave: paused in between, nothing would run. */
const leavesPods = ({ name, deployment, replicas }: Workload): Finding =>
  when(
    surges(deployment) || (!isRollingOut(deployment) && (deployment.status?.availableReplicas ?? 0) >= replicas),
    `${name} stops its pods before new ones start: paused in the middle, none of it would run`,
  )

/** The one change of deploy:pause and deploy:resume. */
export const setPaused = ({ namespace, name }: Workload, paused: boolean): Change<'kube'> => ({
  title: paused ? `Pause the rollout of ${name}` : `Resume the rollout of ${name}`,
  effect: [{ what: `Deployment ${namespace}/${name}, paused`, before: String(!paused), after: String(paused) }],
  apply: (write) => write.kube.setPaused({ namespace, name, paused }),
  verify: async (look) => {
    const now = await look.kube.get('Deployment', name, namespace)
    return when((now?.spec.paused ?? false) === paused, paused ? `${name} is not paused` : `${name} is still paused`)
  },
  shows: (prove) => prove.kube.paused({ namespace, name, paused }),
  undo: (write) => write.kube.setPaused({ namespace, name, paused: !paused }),
})
