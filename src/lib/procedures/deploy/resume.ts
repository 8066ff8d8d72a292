import { rolledOut, rolloutPatience, watchingRollout } from '../../facts/cluster/rollout.ts'
import { migratingJobs, noneMigrates } from '../../facts/db/migrating.ts'
import { gatherWorkload, offerWorkloads } from '../../facts/deploy/workload.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { setPaused } from './pause.ts'

/** Lets a rollout that was stopped go on, and sees it to its end. */
export const resume = defineProcedure({
  id: 'deploy:resume',
  title: 'Let the rollout of a workload go on',
  needs: ['kube'],
  choices: { workload: argument({ about: 'the Deployment: api, admin, web, worker or redis', ask: 'Which workload?' }) },
  offers: { workload: offerWorkloads },
  risk: () => 'disruptive',
  gather: async (input, look, context) => {
    const [workload, migrating] = await Promise.all([
      gatherWorkload(input.workload, look, context),
      migratingJobs(look, context.environment.namespace),
    ])
    return { ...workload, migrating }
  },
  subject: ({ name }) => name,
  target: (facts) => [`Deployment ${facts.namespace}/${facts.name}`],
  steps: (facts) => {
    const { namespace, name, replicas, deployment, migrating } = facts
    return [
      {
        ...setPaused(facts, false),
        check: async () => noneMigrates(migrating),
      },
      {
        title: `Every pod of ${name} runs the present template`,
        onlyAfterwards: true,
        holds: (look) => rolledOut(look.kube, { namespace, name, replicas }, () => true),
        within: rolloutPatience(deployment),
        watching: watchingRollout(deployment),
        shows: (prove) => prove.kube.rolledOut({ namespace, name, within: rolloutPatience(deployment) }),
      },
    ]
  },
})
