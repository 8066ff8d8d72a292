import { answer, codeOf } from '../../facts/answer.ts'
import { type Consumer, noneRolls } from '../../facts/config/consumers.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Renewal, renew } from '../config/restart-consumer.ts'
import { liveKey } from '../secrets/live-secret.ts'
import type { TokenFacts } from './token-facts.ts'

/** The store says so of the Secret's own token, by a request that writes nothing. */
export const letsIn = ({ host, sync, environment: { observability } }: TokenFacts): Proof<'metrics'> => ({
  title: `${host} lets the Secret's ${observability.tokenKey} in`,
  ...(sync && { onlyAfterwards: true as const }),
  holds: async ({ metrics }) => {
    const said = await answer(metrics.mayWrite())
    if (!said.answered && codeOf(said) !== 'ingest-no-token') throw said.error
    if (!said.answered) return fails(`${observability.secret} has no ${observability.tokenKey}`)
    return said.value.takes
      ? holds
      : fails(`${host} refuses the ${observability.tokenKey} of ${observability.secret}: it answered ${said.value.status}`)
  },
})

/** Nothing of the Secret is wrong: then it is no cure of what is. */
export const agentLetIn = ({ agentRefused, sourceTakes, source, environment: { observability } }: TokenFacts): Proof<never> => ({
  title: `${observability.agent} is let in`,
  holds: async () =>
    when(
      !agentRefused,
      `${observability.agent} alone is refused: it was deployed with another token than ${observability.secret} has, which is let in. ${
        sourceTakes ? 'Deploying brings it' : `Put that of the Secret into ${source}, then deploying brings it`
      }: bash deploy-k3s/scripts/03-deploy.sh --skip-build`,
      'honeydue secrets:status',
    ),
})

/** Since when the Secret has it; a finding where it has another. */
const since =
  ({ environment: { namespace, observability } }: TokenFacts, digest: string | undefined): Renewal['since'] =>
  async ({ kube }: Readers<'kube'>): Promise<string | Finding> => {
    const found = await liveKey(kube, namespace, observability.secret, observability.tokenKey)
    if (found?.[1].digest !== digest) return fails(`${observability.tokenKey} of the Secret is another value`)
    return found?.[1].writtenAt?.toISOString() ?? ''
  }

/** Every pod that gets it when it starts has started since, one workload after another. */
export const startedWithIt = (facts: TokenFacts): readonly Change<'kube'>[] => {
  const { sync, consumers, digest, environment } = facts
  const renewal: Renewal = {
    namespace: environment.namespace,
    with: `the ${environment.observability.tokenKey} that is let in`,
    may: sync ? noneRolls(consumers) : holds,
    since: since(facts, digest),
    sinceBack: since(facts, sync?.secrets[0]?.kept?.keys.find(({ name }) => name === environment.observability.tokenKey)?.digest),
  }
  return consumers.flatMap((consumer) => (sync ? renew(renewal, consumer) : renewedForGood(renewal, consumer)))
}

/** The token that those pods had stands nowhere any more. */
const renewedForGood = (renewal: Renewal, consumer: Consumer): readonly Change<'kube'>[] => {
  const changes = renew(renewal, consumer)
  const undo = { impossible: 'the token that its pods had stands nowhere any more, and was refused' }
  return changes.map((change, i) => (i === changes.length - 1 ? { ...change, undo } : change))
}
