import { shortFingerprint } from '../../certificates.ts'
import { seconds } from '../../clock.ts'
import { Failed } from '../../errors.ts'
import { originBase } from '../../facts/cert/places.ts'
import { servesEverywhere } from '../../facts/cert/served-otherwise.ts'
import { pairOf } from '../../facts/cert/survey.ts'
import { later } from '../../later.ts'
import { pairFiles } from '../../pair-files.ts'
import { type Finding, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { isCertificateTrouble, namesAnswering, throughTheEdge } from './edge-answers.ts'
import type { InstallFacts, InstallSystems } from './install-facts.ts'

const files = pairFiles(originBase)
/** Traefik reloads by itself within seconds; after this a node is named. */
const reloadsWithin = seconds(90)

const liveSecret = async ({ secret }: InstallFacts, { kube }: Readers<InstallSystems>) => {
  const found = (await kube.tlsSecrets()).find(({ namespace, name }) => namespace === secret.namespace && name === secret.name)
  if (found) return found
  throw new Failed({ code: 'cert-no-secret', failed: `Secret ${secret.namespace}/${secret.name} is gone`, next: 'honeydue cert:status' })
}

/** Both halves in one write, on the version that was read. */
export const putPair = (facts: InstallFacts): Change<InstallSystems> => {
  const { secret, pair, live, liveFaults, certificate, key, folder } = facts
  const { namespace, name } = secret
  const target = { namespace, name, files: { certificate: `${folder}/${files.certificate}`, key: `${folder}/${files.key}` } }
  return {
    title: `Put the checkout's pair into ${namespace}/${name}`,
    effect: [
      {
        what: 'tls.crt',
        before: live ? shortFingerprint(live.fingerprint) : 'no certificate',
        after: pair ? shortFingerprint(pair.fingerprint) : 'none',
      },
    ],
    check: async () => facts.against,
    apply: (write) =>
      write.kube.replaceTlsSecret({
        ...target,
        resourceVersion: secret.resourceVersion,
        certificate: later(async () => certificate),
        key: later(async () => key ?? secret.key),
      }),
    verify: async (look) => {
      const now = await liveSecret(facts, look)
      const held = pairOf(now.certificate, now.key)
      return when(
        pair !== undefined && held.certificate?.fingerprint === pair.fingerprint && held.keyFits,
        "the Secret does not hold the checkout's pair",
      )
    },
    shows: (prove) => prove.kube.tlsPair({ namespace, name, file: target.files.certificate }),
    undo:
      liveFaults.length > 0
        ? { impossible: `what was there before is not put back, for nobody is served with it: ${liveFaults.join('; ')}` }
        : async (write, look) => {
            const { resourceVersion } = await liveSecret(facts, look)
            await write.kube.replaceTlsSecret({
              ...target,
              resourceVersion,
              certificate: later(async () => secret.certificate),
              key: later(async () => secret.key),
            })
          },
  }
}

export const servedEverywhere = (facts: InstallFacts): Proof<InstallSystems> => ({
  title:
    facts.away.length === 0
      ? "Every node serves the checkout's certificate for every name"
      : `${facts.aliases.join(' and ')} serve the checkout's certificate`,
  onlyAfterwards: true,
  holds: ({ nodes }): Promise<Finding> => servesEverywhere(facts.aliases, facts.places.hosts, nodes, facts.pair?.publicKey ?? ''),
  within: reloadsWithin,
  shows: (prove) =>
    prove.nodes.serves({
      aliases: facts.aliases,
      names: facts.places.hosts,
      certificate: `${facts.folder}/${files.certificate}`,
      within: reloadsWithin,
    }),
})

export const answers = (facts: InstallFacts): Proof<InstallSystems> => ({
  title: 'Every public name answers through the edge',
  // With a pair that nobody can be served with, whatever the edge says now is no measure.
  ...((facts.liveFaults.length > 0 || [...facts.statuses.values()].some(isCertificateTrouble)) && { onlyAfterwards: true as const }),
  holds: (look) => throughTheEdge(facts.places.hosts, look.http),
  within: seconds(30),
  shows: (prove) => namesAnswering(facts.places.hosts, prove),
})
