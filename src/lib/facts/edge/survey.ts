import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { AddressRecord, SslOverride, Zone, ZoneSettings } from '../../systems/cloudflare/types.ts'
import type { Answer } from '../../systems/http/types.ts'
import type { OriginAnswer } from '../../systems/nodes/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { isWell, publicNames, urlOf } from './public-names.ts'

/** What was asked and came back, or why it did not. */
export type Told<T> = { readonly value: T } | { readonly because: string; readonly next?: string }

export interface EdgeSurvey {
  readonly deployment: Environment
  readonly zone: Told<Zone>
  readonly settings: Told<ZoneSettings>
  readonly overrides: Told<readonly SslOverride[]>
  readonly records: Told<readonly AddressRecord[]>
  readonly names: readonly string[]
  /** By alias: what its own 443 answers to the URL of each name, in their order. */
  readonly origins: ReadonlyMap<string, Told<readonly OriginAnswer[]>>
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

/** Asks Cloudflare, every node and every name; whoever does not answer costs nobody else's line. */
export const surveyEdge = async (deployment: Environment, look: Readers<'cloudflare' | 'nodes' | 'http'>): Promise<EdgeSurvey> => {
  const { cloudflare, nodes, http } = look
  const api = Promise.all([told(cloudflare.zone()), told(cloudflare.settings()), told(cloudflare.sslOverrides())])
  const records = await told(cloudflare.addresses())
  const names = publicNames(deployment, got(records) ?? [])
  const urls = names.map((name) => urlOf(deployment, name))
  const [[zone, settings, overrides], origins, answers] = await Promise.all([
    api,
    Promise.all(deployment.nodes.map(async ({ alias }) => [alias, await told(nodes.origin(alias, urls))] as const)),
    Promise.all(names.map(async (name) => [name, await told(http.get(urlOf(deployment, name)))] as const)),
  ])
  return { deployment, zone, settings, overrides, records, names, origins: new Map(origins), answers: new Map(answers) }
}

/** Why a node does not answer as it should, each name that it answers badly for; empty where all is well. */
export const ailments = ({ deployment, origins }: Pick<EdgeSurvey, 'deployment' | 'origins'>, alias: string): readonly string[] => {
  const answer = origins.get(alias)
  if (answer === undefined) return ['it was not asked']
  if ('because' in answer) return [answer.because]
  return answer.value.flatMap((one) => {
    const host = new URL(one.url).hostname
    if ('because' in one) return [`${host}: ${one.because}`]
    return isWell(deployment, one.url, one.status) ? [] : [`${host} answers ${one.status}`]
  })
}
