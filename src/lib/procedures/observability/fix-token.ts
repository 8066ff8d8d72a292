import { counted } from '../../counted.ts'
import { optionalText } from '../../plan/choice.ts'
import { defineProcedure, type Step } from '../../plan/procedure.ts'
import type { SyncSystems } from '../secrets/sync-facts.ts'
import { keepBefore, setFromSources, sourcesHold } from '../secrets/sync-steps.ts'
import { gatherToken, type TokenFacts, wantsToken } from './token-facts.ts'
import { agentLetIn, letsIn, startedWithIt } from './token-steps.ts'

/** Whoever is refused with 401 where metrics and traces go: the pods get the Secret's token, the Secret that of its source, or all of them a new one. */
export const fixToken = defineProcedure({
  id: 'observability:fix-token',
  title: 'Put the ingest token right, where it is refused',
  needs: ['checkout', 'kube', 'postgres', 'redis', 'mail', 'registry', 'metrics'],
  choices: {
    from: optionalText({ about: 'a file with a new token, for a store that refuses that of its source as well' }),
  },
  hidden: async ({ from }, look, { environment }) => {
    if (from !== undefined || !(await wantsToken(look, environment))) return undefined
    const { tokenKey, write } = environment.observability
    return `The new ${tokenKey}, as the nginx before ${new URL(write).host} has it; it is not shown:`
  },
  risk: () => 'disruptive',
  gather: ({ from }, look, context) => gatherToken(from, look, context),
  subject: ({ environment }) => environment.observability.tokenKey,
  target: (facts) => [
    `${facts.host}, where api and worker are to be let in`,
    `Secret ${facts.environment.namespace}/${facts.environment.observability.secret}, ${facts.environment.observability.tokenKey}`,
    found(facts),
  ],
  beyond: ({ rotation, host }) =>
    rotation ? [`${host} refuses the old one already: nobody is turned away by its end, and nothing waits for that`] : [],
  elsewhere: (facts) => [...ofAgent(facts), ...ofSource(facts)],
  steps: (facts): readonly Step<SyncSystems>[] => {
    const { sync, rotation } = facts
    if (rotation) return rotation.steps()
    if (sync)
      return [
        sourcesHold(sync),
        ...keepBefore(sync),
        ...sync.secrets.map((secret) => setFromSources(sync, secret)),
        ...startedWithIt(facts),
        letsIn(facts),
      ]
    return [letsIn(facts), ...startedWithIt(facts), ...(facts.old.length === 0 ? [agentLetIn(facts)] : [])]
  },
})

/** What is wrong, in one line. */
const found = ({ cause, host, source, old }: TokenFacts): string => {
  if (cause === 'store') return `Wrong: neither that nor that of ${source} is let in`
  if (cause === 'Secret') return `Wrong: only that of ${source} is let in`
  return old.length === 0
    ? `${host} takes the token of the Secret`
    : `Wrong: ${counted(old.length, 'pod')} started before the Secret had its token`
}

/** Its token stands in its manifest, which a deploy makes of the source. */
const ofAgent = ({ agentRefused, source, environment: { observability } }: TokenFacts): readonly string[] =>
  agentRefused
    ? [
        `${observability.agent} is refused too: it has its own from the deploy, which puts that of ${source} into its manifest (bash deploy-k3s/scripts/03-deploy.sh --skip-build)`,
      ]
    : []

const ofSource = ({ cause, sourceTakes, source }: TokenFacts): readonly string[] =>
  cause === 'pods' && !sourceTakes ? [`${source} has another, which is refused or is none: the next deploy brings that into vmagent`] : []
