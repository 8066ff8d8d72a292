import { type CertificateFacts, readCertificate } from '../../certificates.ts'
import { expiry } from '../../facts/cert/days.ts'
import { type Told, told } from '../../facts/edge/survey.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { optionalText } from '../../plan/choice.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure, type Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { KubeconfigState } from '../../systems/kube/types.ts'
import type { AdminKubeconfig } from '../../systems/nodes/k3s-own.ts'

interface RenewFacts {
  readonly state: KubeconfigState
  readonly server: string
  readonly context: string
  readonly now: Date
  /** By alias, in the order of the environment. */
  readonly asked: readonly (readonly [alias: string, found: Told<AdminKubeconfig>])[]
  /** The node whose certificate ends last. */
  readonly source?: { readonly alias: string; readonly kubeconfig: AdminKubeconfig; readonly facts: CertificateFacts }
}

/** Fetches the kubeconfig anew from a node, over SSH alone: for the day on which the one here has ended. */
export const renew = defineProcedure({
  id: 'kubeconfig:renew',
  title: 'Fetch the kubeconfig anew from a node',
  needs: ['nodes', 'kube'],
  choices: { from: optionalText({ about: 'alias of the node it is fetched from; without one, the node whose certificate ends last' }) },
  risk: () => 'disruptive',
  gather: async ({ from }, look, { environment, clock }): Promise<RenewFacts> => {
    const nodes = from === undefined ? environment.nodes : [nodeNamed(environment, from)]
    const [state, ...asked] = await Promise.all([
      look.kube.kubeconfigFile(),
      ...nodes.map(async ({ alias }) => [alias, await told(look.nodes.kubeconfig(alias))] as const),
    ])
    const found = asked.flatMap(([alias, one]) => {
      const facts = 'value' in one ? readCertificate(one.value.certificate) : undefined
      return 'value' in one && facts ? [{ alias, kubeconfig: one.value, facts }] : []
    })
    const [source] = [...found].sort((one, other) => other.facts.notAfter.getTime() - one.facts.notAfter.getTime())
    const address = nodes.find(({ alias }) => alias === source?.alias)?.address ?? nodes[0]?.address
    return {
      state,
      server: state.now?.server ?? `https://${address}:6443`,
      context: state.now?.context ?? environment.name,
      now: clock.now(),
      asked,
      ...(source && { source }),
    }
  },
  subject: ({ context }) => context,
  target: ({ state, server, source }) => [
    `the file ${state.path} on this machine, for ${server}`,
    ...(source ? [`from ${source.alias}, whose certificate ${source.facts.subject} ends on ${day(source.facts)}`] : []),
  ],
  beyond: ({ asked, state }) => [
    ...asked.flatMap(([alias, found]) => ('because' in found ? [`${alias} gave none: ${found.because}`] : [])),
    ...(state.now ? [`The one before stays beside it: ${state.path}.old`] : []),
  ],
  steps: (facts) => [replace(facts), accepted(facts)],
})

const day = ({ notAfter }: CertificateFacts): string => notAfter.toISOString().slice(0, 10)

const before = ({ state: { now: own }, now }: RenewFacts): string => {
  if (own === undefined) return 'not there'
  const facts = readCertificate(own.certificate)
  return facts ? `its certificate ${facts.notAfter < now ? 'ended' : 'ends'} on ${day(facts)}` : 'without a certificate'
}

const replace = (facts: RenewFacts): Change<'nodes' | 'kube'> => {
  const { state, server, context, source } = facts
  const { path } = state
  return {
    title: source ? `Replace the kubeconfig by that of ${source.alias}` : 'Replace the kubeconfig',
    effect: [{ what: path, before: before(facts), after: source ? `its certificate ends on ${day(source.facts)}` : 'unknown' }],
    check: async () => mayReplace(facts),
    apply: async (write) => {
      if (source) await write.nodes.fetchKubeconfig(source.alias, { path, server, context })
    },
    verify: async (look) => isThat(await look.kube.kubeconfigFile(), source?.kubeconfig),
    undo: (write) => write.nodes.putBackKubeconfig(path),
  }
}

/** The file is the node's, for its owner alone. */
const isThat = ({ path, now }: KubeconfigState, wanted: AdminKubeconfig | undefined): Finding => {
  if (now === undefined) return fails(`${path} does not exist`)
  return every([
    when(wanted !== undefined && sameKey(now.certificate, wanted.certificate), `${path} has another certificate than the node`),
    when(wanted !== undefined && sameKey(now.authority, wanted.authority), `${path} trusts another authority than the node`),
    when((now.mode & 0o077) === 0, `${path} can be read by others than its owner`),
  ])
}

const sameKey = (one: string | undefined, other: string): boolean => {
  const [a, b] = [readCertificate(one), readCertificate(other)]
  return a !== undefined && a.fingerprint === b?.fingerprint
}

const mayReplace = ({ state, context, source, asked, now }: RenewFacts): Finding => {
  const beside = state.now?.beside ?? []
  return every([
    ...(source
      ? [
          source.facts.notAfter > now
            ? holds
            : fails(
                `that of ${source.alias} ${expiry(source.facts, now)}: a start of k3s renews it`,
                'honeydue cluster:renew-certs --dry-run',
              ),
        ]
      : asked.map(([alias, found]) =>
          fails(`${alias} gives no kubeconfig: ${'because' in found ? found.because : 'it has no certificate'}`, 'honeydue nodes:status'),
        )),
    ...(state.unwritable === undefined ? [] : [fails(state.unwritable)]),
    when(
      beside.length === 0,
      `${state.path} holds more than this cluster: ${beside.join(', ')}`,
      sh`kubectl config view --kubeconfig ${state.path}`,
    ),
    when(/^[\w.@:-]+$/.test(context), `the context of ${state.path} is called "${context}": that name does not fit into a line of sed`),
  ])
}

const accepted = ({ server, state }: RenewFacts): Proof<'nodes' | 'kube'> => ({
  title: 'The API accepts it',
  onlyAfterwards: true,
  holds: async (look) => when(await look.kube.accepted(), `${server} does not accept what ${state.path} says`, 'honeydue cluster:certs'),
  shows: (prove) => prove.kube.accepted(),
})
