import { counted, few } from '../../counted.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { argument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import type { Jobs } from '../../systems/redis/jobs.ts'
import { gatherRecover, isPinned, type RecoverFacts } from './recover-facts.ts'
import { recoverSteps } from './recover-steps.ts'

/** Starts Redis on another machine with an empty volume, where its own is gone; nothing that it had is deleted, and nothing of it comes along. */
export const recover = defineProcedure({
  id: 'redis:recover',
  title: 'Start Redis elsewhere, where its machine is gone',
  needs: ['kube', 'nodes', 'redis', 'http'],
  choices: { node: argument({ about: 'alias of the node that Redis is to run on', ask: 'On which node is Redis to run?' }) },
  offers: { node: offerNodes },
  // Its queue stays behind on a machine that is gone.
  risk: () => 'irreversible',
  gather: ({ node }, look, context) => gatherRecover(node, look, context),
  subject: ({ deployment }) => deployment.metadata.name,
  target: ({ target, deployment, environment }) => [
    `Deployment ${environment.namespace}/${deployment.metadata.name}`,
    `${target.alias} (${target.hostname}) at ${target.address}`,
  ],
  beyond: (facts) => (isPinned(facts) ? [] : [...lost(facts), ...refills, ...again(facts)]),
  elsewhere: ({ deployment, target, wanted }) => [
    `The next deploy brings back what its manifest says: in deploy-k3s/manifests the nodeSelector of ${deployment.metadata.name} has to name ${target.hostname}, and its volume the claim ${wanted}`,
  ],
  came: (_, { jobs }) => ('value' in jobs ? timetable(jobs.value) : []),
  steps: recoverSteps,
})

/** What stays behind, in numbers where Redis still says them. */
const lost = ({ jobs, there, wanted, claim }: RecoverFacts): readonly string[] => [
  there
    ? `It starts with what is in the volume of ${wanted}, which may be old: jobs that stand there are run`
    : 'It starts empty: the queue is lost with all that waited in it, and every cache',
  ...('value' in jobs ? [`Behind stay ${jobsOf(jobs.value)}`] : [`How many jobs that are is not known: ${jobs.because}`]),
  ...(claim === undefined || claim === wanted ? [] : [`Nothing is deleted: ${claim} keeps its volume, should that machine come back`]),
]

const jobsOf = ({ queues }: Jobs): string => {
  const of = (state: 'pending' | 'active' | 'scheduled' | 'retry' | 'archived') =>
    queues.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0)
  const parts = (['pending', 'active', 'scheduled', 'retry', 'archived'] as const).map((state) => `${of(state)} ${state}`)
  return `${parts.join(', ')} jobs`
}

const refills: readonly string[] = [
  'By itself come back: tokens and residence lists, with one slow request a user; periodic jobs, each at its next time',
]

/** Of a scheduler that still lives; afterwards the worker's new one says them in any case. */
const again = ({ jobs }: RecoverFacts): readonly string[] => [
  'Does not come back: what a request had queued once, mail and notifications of the time of the outage',
  ...('value' in jobs ? timetable(jobs.value) : []),
]

const timetable = ({ schedulers }: Jobs): readonly string[] => {
  const entries = [...new Set(schedulers.flatMap((one) => one.entries.map(({ type, spec }) => `${type} (${spec})`)))].sort()
  return entries.length === 0
    ? []
    : [`${counted(entries.length, 'periodic job is', 'periodic jobs are')} queued by the worker: ${few(entries, 12)}`]
}
