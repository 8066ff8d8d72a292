import { originSecret } from '../../facts/cert/places.ts'
import { texts } from '../../plan/choice.ts'
import { defineProcedure, type Step } from '../../plan/procedure.ts'
import { gatherSync, type SyncFacts, type SyncSystems } from './sync-facts.ts'
import { dropCopy, keepBefore, setFromSources, sourcesHold } from './sync-steps.ts'

/** The Secrets as 02-setup-secrets.sh would make them of their sources, without its traces: values are tried first, and stand in no annotation. */
export const sync = defineProcedure({
  id: 'secrets:sync',
  title: 'Bring the Secrets to what their sources have',
  needs: ['checkout', 'kube', 'postgres', 'redis', 'mail', 'registry', 'metrics'],
  choices: {
    only: texts({ about: 'this key alone, by its name; may be given several times' }),
  },
  risk: () => 'disruptive',
  gather: (input, look, context) => gatherSync(input.only, look, context),
  subject: ({ namespace, secrets }) => `${namespace}/${secrets.map(({ name }) => name).join(',')}`,
  target: ({ namespace, secrets, folder }) => [
    ...secrets.map(({ name, kept }) => `Secret ${namespace}/${name}${kept ? '' : ', which is not there'}`),
    `The sources: config.yaml and secrets of ${folder}/deploy-k3s, and deploy/prod.env`,
  ],
  beyond: (facts) => [
    ...unseen(facts),
    ...waiting(facts),
    `${originSecret} is not touched but for a copy of its key: honeydue cert:install`,
  ],
  steps: (facts) => {
    const steps: readonly Step<SyncSystems>[] = [
      sourcesHold(facts),
      ...keepBefore(facts),
      ...facts.secrets.map((secret) => setFromSources(facts, secret)),
      ...facts.copied.map((secret) => dropCopy(facts, secret)),
    ]
    return steps
  },
})

const changedOf = ({ secrets }: SyncFacts) => secrets.flatMap(({ keys }) => keys.filter(({ same }) => !same))

const unseen = (facts: SyncFacts): readonly string[] => [
  ...(facts.untried.length > 0 ? [`Whether these work is known by nobody who could be asked: ${facts.untried.join(', ')}`] : []),
  ...(facts.untried.includes('SECRET_KEY') ? ['With another SECRET_KEY every session ends, pod by pod as they are restarted'] : []),
  ...(facts.unknown.length > 0 ? [`No source is known of these, which stay as they are: ${facts.unknown.join(', ')}`] : []),
  ...(changedOf(facts).some(({ live }) => live)
    ? ['What the Secrets had stays in deploy-k3s/secrets/*.old, for this user alone: take it away once all is well']
    : []),
]

/** Nobody is restarted: an hour for that is chosen by whoever does it. */
const waiting = (facts: SyncFacts): readonly string[] => {
  const names = changedOf(facts).flatMap(({ consumers }) => consumers.flatMap(({ workload, use }) => (use === 'env' ? [workload] : [])))
  return [...new Set(names)].map((workload) =>
    workload.startsWith('Deployment ')
      ? `${workload} has what it was started with until honeydue deploy:restart ${workload.slice('Deployment '.length)}`
      : `${workload} has what it was started with until it is restarted`,
  )
}
