import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { AddressRecord, SslOverride, Zone, ZoneSettings } from '../../systems/cloudflare/types.ts'
import type { Answer } from '../../systems/http/types.ts'
import type { OriginAnswer } from '../../systems/nodes/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { refusals } from './accepted.ts'
import { urlOf } from './public-names.ts'
import { askedNames, type RoundRobin, roundRobinOf } from './round-robin.ts'

/** What was asked and came back, or why it did not. */
export type Told<T> = { readonly value: T } | { readonly because: string; readonly next?: string }

export interface EdgeSurvey {
  readonly deployment: Environment
  readonly zone: Told<Zone>
  readonly settings: Told<ZoneSettings>
  readonly overrides: Told<readonly SslOverride[]>
  readonly records: Told<readonly AddressRecord[]>
  readonly robin: RoundRobin
  /** Those that are asked over HTTPS: of the environment, and of the round robin. */
  readonly names: readonly string[]
  /** By alias: what its own 443 answers to the URL of each name, in their order. */
  readonly origins: ReadonlyMap<string, Told<readonly OriginAnswer[]>>
  /** By alias: what it serves that Cloudflare refuses. */
  readonly served: ReadonlyMap<string, Told<Awaited<ReturnType<typeof refusals>>>>
  /** By name: what a customer gets. */
  readonly answers: ReadonlyMap<string, Told<Answer>>
}

export const told = <T>(asked: Promise<T>): Promise<Told<T>> =>
  asked.then(
    (value) => ({ value }),
    (error: unknown) => ({ because: reasonOf(error), ...nextOf(error) }),
  )

const nextOf = (error: unknown) => (error instanceof Trouble && error.next !== undefined ? { next: error.next } : {})

export const got = <T>(answer: Told<T> | undefined): T | undefined => (answer && 'value' in answer ? answer.value : undefined)

/** Asks Cloudflare, every node and every name; whoever does not answer costs nobody else's line, nor keeps the others waiting for their first question. */
export const surveyEdge = async (
  deployment: Environment,
  look: Readers<'cloudflare' | 'nodes' | 'http'>,
  now: () => Date,
): Promise<EdgeSurvey> => {
  const { cloudflare, nodes, http } = look
  const api = Promise.all([told(cloudflare.zone()), told(cloudflare.settings()), told(cloudflare.sslOverrides())])
  // A token for DNS alone may not list them.
  const valid = told(cloudflare.originCertificates()).then((listed) => got(listed)?.map(({ id }) => id))
  const accepts = async (alias: string) => refusals(await nodes.served(alias, deployment.cloudflare.names), now(), await valid, cloudflare)
  const byAlias = <T>(ask: (alias: string) => Promise<T>) =>
    Promise.all(deployment.nodes.map(async ({ alias }) => [alias, await told(ask(alias))] as const)).then((all) => new Map(all))
  const asCustomer = (name: string) => told(http.get(urlOf(deployment, name)))
  // What needs no record is asked while Cloudflare is: where both are silent, that is one wait and not two.
  const serving = byAlias(accepts)
  const asking = new Map(deployment.cloudflare.names.map((name) => [name, asCustomer(name)]))
  const [records, aliases] = await Promise.all([told(cloudflare.addresses()), told(cloudflare.aliases())])
  const robin = roundRobinOf(deployment, got(records) ?? [], got(aliases) ?? [])
  const names = askedNames(deployment, robin)
  const urls = names.map((name) => urlOf(deployment, name))
  const [[zone, settings, overrides], origins, served, answers] = await Promise.all([
    api,
    byAlias((alias) => nodes.origin(alias, urls)),
    serving,
    Promise.all(names.map(async (name) => [name, await (asking.get(name) ?? asCustomer(name))] as const)),
  ])
  return { deployment, zone, settings, overrides, records, robin, names, origins, served, answers: new Map(answers) }
}
