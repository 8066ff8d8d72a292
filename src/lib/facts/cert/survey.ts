import { type CertificateFacts, publicKeyOf, readCertificate } from '../../certificates.ts'
import type { Environment } from '../../environment/schema.ts'
import { pairFiles } from '../../pair-files.ts'
import type { CheckoutReader } from '../../systems/checkout/types.ts'
import type { CloudflareReader, OriginCertificate, SslOverride, ZoneSettings } from '../../systems/cloudflare/types.ts'
import type { TlsSecret } from '../../systems/kube/types.ts'
import type { NodesReader } from '../../systems/nodes/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { type CertificatePlaces, findPlaces, originBase } from './places.ts'

/** A certificate beside what should be its key. */
export interface PairFacts {
  readonly certificate: CertificateFacts | undefined
  readonly keyFits: boolean
}

/** What one node's own 443 serves for each name; undefined: no handshake. */
export type ServedNames = ReadonlyMap<string, CertificateFacts | undefined>

/** The certificate wherever it is: each place answers by itself, or says why it does not. */
export interface CertificateSurvey {
  readonly files: Answer<PairFacts & { readonly pem: string | undefined; readonly keyMode: number | undefined }>
  readonly places: Answer<CertificatePlaces>
  readonly secrets: Answer<readonly (TlsSecret & PairOfSecret)[]>
  readonly served: ReadonlyMap<string, Answer<ServedNames>>
  readonly listed: Answer<readonly (OriginCertificate & { readonly facts: CertificateFacts | undefined })[]>
  readonly modes: Answer<{ readonly settings: ZoneSettings; readonly overrides: readonly SslOverride[] }>
  /** Fingerprints of those, among all seen, that the Origin CA signed. */
  readonly originCa: ReadonlySet<string>
}

interface PairOfSecret {
  readonly pair: PairFacts
}

export const pairOf = (certificate: string | undefined, key: Parameters<typeof publicKeyOf>[0]): PairFacts => {
  const facts = readCertificate(certificate)
  return { certificate: facts, keyFits: facts !== undefined && publicKeyOf(key) === facts.publicKey }
}

/** The pair in the checkout. */
export const readFiles = async (checkout: CheckoutReader) => {
  const files = pairFiles(originBase)
  const [certificate, key, keyMode] = await Promise.all([
    checkout.text(files.certificate),
    checkout.secret(files.key),
    checkout.mode(files.key),
  ])
  return { ...pairOf(certificate, key), pem: certificate, keyMode }
}

/** What a node serves, read. */
export const readServedNames = async (nodes: NodesReader, alias: string, hosts: readonly string[]): Promise<ServedNames> =>
  new Map((await nodes.served(alias, hosts)).map(({ name, certificate }) => [name, readCertificate(certificate)]))

const readListed = async (cloudflare: CloudflareReader) =>
  (await cloudflare.originCertificates()).map((one) => ({ ...one, facts: readCertificate(one.certificate) }))

/** Asks the checkout, the cluster, every node and Cloudflare at once; a node is asked for the names of the environment while the cluster still looks for its own. */
export const surveyCertificate = async (
  { nodes, cloudflare: { names } }: Pick<Environment, 'nodes' | 'cloudflare'>,
  look: Readers<'checkout' | 'kube' | 'nodes' | 'cloudflare'>,
): Promise<CertificateSurvey> => {
  const pems = new Map<string, string>()
  const seen = <T extends { readonly certificate?: string }>(one: T): T => {
    const facts = readCertificate(one.certificate)
    if (facts && one.certificate) pems.set(facts.fingerprint, one.certificate)
    return one
  }
  const ownPair = async () => {
    const kept = await readFiles(look.checkout)
    seen(kept.pem === undefined ? {} : { certificate: kept.pem })
    return kept
  }
  const places = answer(findPlaces(look.kube))
  const ofNodes = nodes.map(async ({ alias }): Promise<[string, Answer<ServedNames>]> => {
    const [found, first] = await Promise.all([places, answer(look.nodes.served(alias, names))])
    // Where the cluster does not say which names it serves, those of the environment are what customers ask for.
    const hosts = found.answered ? found.value.hosts : names
    const further = hosts.filter((host) => !names.includes(host))
    const second = first.answered && further.length > 0 ? await answer(look.nodes.served(alias, further)) : undefined
    if (!first.answered) return [alias, first]
    if (second && !second.answered) return [alias, second]
    const both = new Map([...first.value, ...(second?.value ?? [])].map((one) => [one.name, one]))
    const asked = hosts.flatMap((host) => both.get(host) ?? [])
    return [alias, { answered: true, value: new Map(asked.map((one) => [one.name, readCertificate(seen(one).certificate)])) }]
  })
  const [files, found, secrets, listed, modes, ...served] = await Promise.all([
    answer(ownPair()),
    places,
    answer(look.kube.tlsSecrets().then((all) => all.map((one) => ({ ...seen(one), pair: pairOf(one.certificate, one.key) })))),
    answer(readListed(look.cloudflare)),
    answer(
      Promise.all([look.cloudflare.settings(), look.cloudflare.sslOverrides()]).then(([settings, overrides]) => ({ settings, overrides })),
    ),
    ...ofNodes,
  ])
  const signed = await Promise.all(
    [...pems].map(async ([fingerprint, pem]) => ((await look.cloudflare.signedByOriginCa(pem)) ? [fingerprint] : [])),
  )
  return { files, places: found, secrets, listed, modes, served: new Map(served), originCa: new Set(signed.flat()) }
}
