import { type CertificateFacts, shortFingerprint } from '../../certificates.ts'
import type { Clock } from '../../clock.ts'
import { reasonOf } from '../../errors.ts'
import { faultsOf } from '../../facts/cert/acceptable.ts'
import { type CertificatePlaces, findPlaces, originBase, originSecret } from '../../facts/cert/places.ts'
import { pairOf, readFiles } from '../../facts/cert/survey.ts'
import { pairFiles } from '../../pair-files.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { KeyRequest } from '../../systems/checkout/types.ts'
import type { TlsSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { edgeStatuses } from './edge-answers.ts'
import { noSecret, unreachableNodes } from './rotation-facts.ts'

export type InstallSystems = 'checkout' | 'kube' | 'nodes' | 'cloudflare' | 'http'

/** Both pairs as they were when the plan was made. */
export interface InstallFacts {
  readonly places: CertificatePlaces
  /** Nodes that can be asked what they serve, and why the others cannot. */
  readonly aliases: readonly string[]
  readonly away: readonly string[]
  readonly folder: string
  readonly secret: TlsSecret
  /** The Secret's certificate, and what is wrong with it: empty where Cloudflare accepts it. */
  readonly live: CertificateFacts | undefined
  readonly liveFaults: readonly string[]
  /** The checkout's. */
  readonly pair: CertificateFacts | undefined
  readonly certificate: string
  readonly key: KeyRequest['key'] | undefined
  /** Why Cloudflare's list could not be read. */
  readonly unlisted: string | undefined
  readonly statuses: ReadonlyMap<string, number | string>
  readonly against: Finding
  readonly clock: Clock
}

/** Reads both pairs, and holds them against what Traefik and Cloudflare demand. */
export const gatherInstallation = async (
  look: Readers<InstallSystems>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<InstallFacts> => {
  const files = pairFiles(originBase)
  const aliases = environment.nodes.map(({ alias }) => alias)
  const places = await findPlaces(look.kube)
  const [secrets, kept, key, request, listed, unreachable, statuses] = await Promise.all([
    look.kube.tlsSecrets(),
    readFiles(look.checkout),
    look.checkout.secret(files.key),
    look.checkout.text(files.newRequest),
    // A token that may not list them does not keep a name at 526.
    look.cloudflare.originCertificates().then(
      (all) => all.map(({ id }) => id),
      (error: unknown) => reasonOf(error),
    ),
    unreachableNodes(aliases, places.hosts, look),
    edgeStatuses(places.hosts, look.http),
  ])
  const secret = secrets.find(({ namespace, name }) => places.namespaces.includes(namespace) && name === originSecret)
  if (!secret) throw noSecret(places)
  const live = pairOf(secret.certificate, secret.key)
  const [ours, theirs] = await Promise.all([kept.pem, secret.certificate].map((pem) => signed(look, pem)))
  const demands = { hosts: places.hosts, now: clock.now(), listed: typeof listed === 'string' ? undefined : listed }
  const faults = faultsOf(kept, { ...demands, signed: ours === true })
  const liveFaults = faultsOf(live, { ...demands, signed: theirs === true })
  const newer = live.certificate && kept.certificate && live.certificate.notBefore > kept.certificate.notBefore && liveFaults.length === 0
  return {
    places,
    aliases: aliases.filter((alias) => !unreachable.some((because) => because.startsWith(`${alias} `))),
    away: unreachable,
    folder: look.checkout.folder,
    secret,
    live: live.certificate,
    liveFaults,
    pair: kept.certificate,
    certificate: kept.pem ?? '',
    key,
    unlisted: typeof listed === 'string' ? listed : undefined,
    statuses,
    against: every([
      ...faults.map((fault) => fails(`${originBase} of the checkout: ${fault}`)),
      when(
        places.namespaces.length === 1,
        `${originSecret} is named in ${places.namespaces.join(' and ')}: which one is served is not clear`,
      ),
      when(
        newer !== true,
        `the Secret holds a newer certificate (${shortFingerprint(live.certificate?.fingerprint ?? '')}), which Cloudflare accepts`,
      ),
      when(
        request === undefined,
        `a rotation is under way (${files.newRequest}): honeydue cert:rotate goes on with it`,
        'honeydue cert:rotate',
      ),
      when(unreachable.length < aliases.length, `no node can be asked what it serves: ${unreachable.join('; ')}`, 'honeydue nodes:status'),
    ]),
    clock,
  }
}

const signed = async ({ cloudflare }: Readers<'cloudflare'>, pem: string | undefined): Promise<boolean> =>
  pem !== undefined && (await cloudflare.signedByOriginCa(pem))
