import { keptAt } from '../../k3s.ts'
import { optionalText, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherRestore, type RestoreFacts } from './restore-facts.ts'
import { restoreSteps, timeOf } from './restore-steps.ts'

/** Brings etcd back in the order that k3s documents, over SSH alone: one server is reset, and the others join it again. */
export const restore = defineProcedure({
  id: 'cluster:restore',
  title: 'Restore etcd after a lost quorum, or to a snapshot',
  needs: ['nodes', 'kube'],
  choices: {
    snapshot: optionalText({
      about: 'name of the snapshot; without one the newest that is whole, and only where the quorum is lost',
      not: ['own-data'],
    }),
    'own-data': toggle({ about: 'no snapshot: what the server that answers has itself stays, and nothing of it is lost' }),
    'others-off': toggle({ about: 'what does not answer is off and stays off: nobody is asked whether it is' }),
  },
  risk: () => 'irreversible',
  stopsApi: true,
  // What it stops is what they are read from.
  consumesFacts: true,
  gather: gatherRestore,
  subject: ({ named, snapshot }) => (named && snapshot ? snapshot.name : 'etcd'),
  target: ({ first, others }) => [first, ...others].map(({ node }) => `${node.alias} (${node.hostname}) at ${node.address}`),
  beyond: (facts) => [
    ...lost(facts),
    'No lease is held meanwhile: it is kept in what is stopped. Nobody else is kept out',
    'Pods go on while k3s is stopped; what the cluster then knows is started, and what it does not know is ended',
    'Volumes, Redis, PostgreSQL and Cloudflare are not touched',
  ],
  elsewhere: ({ first, others, away, keptAs }) => [
    `What was before is kept in ${keptAt(keptAs)} on ${[first, ...others].map(({ node }) => node.alias).join(', ')}, for a person to remove`,
    ...away.map(([{ alias }]) => `${alias} does not answer and is left out; honeydue cluster:restore has it join when it is back`),
    'A new snapshot on every server: honeydue cluster:snapshot',
  ],
  steps: restoreSteps,
})

const lost = (facts: RestoreFacts): readonly string[] => {
  const { snapshot, named, first } = facts
  if (snapshot === undefined) return [`Nothing that ${first.node.alias} has is lost; what the other members took after it was cut off is`]
  return [
    `Lost is what was changed since ${timeOf(facts)}: deploys, Secrets, settings, scalings. A password that was rotated since is the old one again`,
    ...(named ? [] : [`Where the disk of ${first.node.alias} is well, --own-data goes back to no snapshot and loses nothing`]),
  ]
}
