import type { OriginValidity } from '../../certificates.ts'
import { type CertificateFacts, coversHost, publicKeyOf, readCertificate, shortFingerprint } from '../../certificates.ts'
import type { Clock, Duration } from '../../clock.ts'
import { Blocked, Failed, reasonOf } from '../../errors.ts'
import { type CertificatePlaces, findPlaces, originBase, originSecret } from '../../facts/cert/places.ts'
import { pairOf } from '../../facts/cert/survey.ts'
import { type Later, later } from '../../later.ts'
import { pairFiles } from '../../pair-files.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { CheckoutReader, KeyRequest } from '../../systems/checkout/types.ts'
import type { TlsSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { edgeStatuses } from './edge-answers.ts'

export type RotationSystems = 'checkout' | 'kube' | 'nodes' | 'cloudflare' | 'http'

/** What the operator chose; milliseconds. */
export interface RotationWish {
  readonly days: OriginValidity
  readonly soak: Duration
  readonly keepOld: boolean
  /** A certificate younger than this is taken for the new one: the rotation goes on with it. */
  readonly newerThan: Duration
}

/** The rotation as it stands: begun or not, it is described by its two certificates and the one key. */
export interface RotationFacts extends RotationWish {
  readonly zone: string
  /** The checkout on this machine. */
  readonly folder: string
  readonly aliases: readonly string[]
  readonly places: CertificatePlaces
  readonly secret: TlsSecret
  /** The names of the old certificate, which the new one gets too. */
  readonly names: readonly string[]
  /** Of the new certificate. The key is here only where it was made just now and nothing is written yet. */
  readonly next: KeyRequest
  readonly nextCertificate: Later<string>
  readonly nextKey: Later<KeyRequest['key']>
  /** What the new one replaces; undefined where a rotation is over and the old pair is gone. */
  readonly old: CertificateFacts | undefined
  readonly statuses: ReadonlyMap<string, number | string>
  /** Why it may not begin. */
  readonly against: Finding
  readonly clock: Clock
}

interface Begun {
  readonly next: KeyRequest
  readonly old: CertificateFacts | undefined
}

/** Reads everything, and finds out how far an earlier run has come. */
export const gatherRotation = async (
  wish: RotationWish,
  look: Readers<RotationSystems>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<RotationFacts> => {
  const { nodes, cloudflare } = environment
  const aliases = nodes.map(({ alias }) => alias)
  const places = await findPlaces(look.kube)
  const [secrets, begun, unreachable, statuses] = await Promise.all([
    look.kube.tlsSecrets(),
    howFar(look.checkout, cloudflare.zone, clock.now(), wish.newerThan),
    unreachableNodes(aliases, places.hosts, look),
    edgeStatuses(places.hosts, look.http),
    look.cloudflare.zone(),
  ])
  const secret = secrets.find(({ namespace, name }) => places.namespaces.includes(namespace) && name === originSecret)
  if (!secret) throw noSecret(places)
  const { certificate: live, keyFits } = pairOf(secret.certificate, secret.key)
  // One that nobody can be served with is in nobody's way.
  const serving = keyFits && live !== undefined && live.notAfter > clock.now()
  const old = begun.old ?? (live?.publicKey === begun.next.publicKey ? undefined : live)
  const names = (old ?? live)?.names ?? []
  return {
    ...wish,
    zone: cloudflare.zone,
    folder: look.checkout.folder,
    aliases,
    places,
    secret,
    names,
    next: begun.next,
    nextCertificate: later(async () => {
      const found = (await look.cloudflare.originCertificates()).find(
        (one) => readCertificate(one.certificate)?.publicKey === begun.next.publicKey,
      )
      if (!found) throw notSigned()
      return found.certificate
    }),
    nextKey: later(async () => (await look.checkout.secret(pairFiles(originBase).key)) ?? begun.next.key),
    old,
    statuses,
    against: every([
      when(
        places.namespaces.length === 1,
        `${originSecret} is named in ${places.namespaces.join(' and ')}: which one is served is not clear`,
      ),
      when(
        live === undefined || !serving || live.fingerprint === old?.fingerprint || live.publicKey === begun.next.publicKey,
        `the Secret holds a third certificate (${shortFingerprint(live?.fingerprint ?? '')}), neither the checkout's nor a new one: with honeydue cert:install it becomes the checkout's`,
        'honeydue cert:install',
      ),
      when(names.length > 0, 'neither the checkout nor the Secret has a certificate that names could be taken from'),
      ...places.hosts.map((host) =>
        when(coversHost(names, host), `the old certificate is not for ${host}, so the new one would not be: it has ${names.join(', ')}`),
      ),
      ...unreachable.map((because) => fails(because, 'honeydue nodes:status')),
    ]),
    clock,
  }
}

/** By the files: a kept request is a rotation under way, a young pair is the new one, anything else is the old. */
const howFar = async (checkout: CheckoutReader, commonName: string, now: Date, newerThan: Duration): Promise<Begun> => {
  const files = pairFiles(originBase)
  const [certificate, key, oldCertificate, newKey, request] = await Promise.all([
    checkout.text(files.certificate),
    checkout.secret(files.key),
    checkout.text(files.oldCertificate),
    checkout.secret(files.newKey),
    checkout.text(files.newRequest),
  ])
  const { certificate: current, keyFits } = pairOf(certificate, key)
  const before = readCertificate(oldCertificate)
  // Stopped between two renames, the new key may be in its place already.
  const pending = newKey ?? key
  if (request !== undefined && pending !== undefined) {
    const publicKey = publicKeyOf(pending) ?? ''
    return { next: { key: pending, csr: request, publicKey }, old: current?.publicKey === publicKey ? before : current }
  }
  const young = current !== undefined && current.notBefore.getTime() > now.getTime() - newerThan && current.notAfter > now
  if (young && keyFits && key) return { next: { key, csr: '', publicKey: current.publicKey }, old: before }
  return { next: await checkout.newKey(commonName), old: current }
}

/** Why a node cannot be asked what it serves. */
export const unreachableNodes = async (
  aliases: readonly string[],
  hosts: readonly string[],
  { nodes }: Readers<'nodes'>,
): Promise<readonly string[]> => {
  const asked = await Promise.all(
    aliases.map((alias) =>
      nodes.served(alias, hosts.slice(0, 1)).then(
        () => [],
        (error: unknown) => [`${alias} cannot be asked what it serves: ${reasonOf(error)}`],
      ),
    ),
  )
  return asked.flat()
}

export const noSecret = ({ namespaces }: CertificatePlaces): Blocked =>
  new Blocked({
    code: 'cert-no-secret',
    failed: `There is no Secret ${originSecret}${namespaces.length > 0 ? ` in ${namespaces.join(', ')}` : ' that an Ingress names'}`,
    cause: 'It was deleted, or this is another cluster',
    next: 'honeydue cert:status',
  })

const notSigned = (): Failed =>
  new Failed({
    code: 'cert-not-signed',
    failed: 'Cloudflare lists no certificate of the new key',
    cause: 'It was revoked meanwhile, or the request was not carried out',
    next: 'honeydue cert:rotate --dry-run',
  })
