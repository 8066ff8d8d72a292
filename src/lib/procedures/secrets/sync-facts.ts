import { originSecret } from '../../facts/cert/places.ts'
import { makersIn } from '../../facts/cluster/makers.ts'
import { type Consumer, consumersOf } from '../../facts/secrets/consumers.ts'
import { aroundPassword, type PullSecret, pullSecretOf } from '../../facts/secrets/pull-secret.ts'
import { isRotated } from '../../facts/secrets/rotated-names.ts'
import { pullKey, registrySources, shownSource, sourcesOf } from '../../facts/secrets/sources.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { Secret } from '../../secret.ts'
import { digestOf } from '../../secret-digest.ts'
import { sh } from '../../shell.ts'
import type { ValueSource } from '../../systems/checkout/types.ts'
import type { KeptSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { isReadPlainly, type ValuePlace } from '../../value-place.ts'
import { tryValue } from './sync-tries.ts'

export type SyncSystems = 'checkout' | 'kube' | 'postgres' | 'redis' | 'mail' | 'registry' | 'metrics'

/** One key of a Secret, whose source has another value or the same. */
export interface SyncedKey {
  readonly key: string
  /** As an operator calls it, and its files are called. */
  readonly called: string
  readonly source: string
  /** Where the value stands, for the shell line. */
  readonly place: ValuePlace
  /** As the Secret is to have it. */
  readonly wanted: Secret
  /** By which the Secret is compared: of a pull secret the JSON around it is no matter. */
  readonly digest: string
  /** As the Secret has it; undefined where it has none. */
  readonly live: Secret | undefined
  readonly same: boolean
  /** By which the file of the value before it is named. */
  readonly base: string
  readonly consumers: readonly Consumer[]
}

/** One Secret with those of its keys whose sources are known. */
export interface SyncedSecret {
  readonly name: string
  readonly type: string
  /** Undefined where there is none such. */
  readonly kept: KeptSecret | undefined
  readonly keys: readonly SyncedKey[]
}

export interface SyncFacts {
  readonly only: readonly string[]
  readonly environment: Context['environment']
  readonly namespace: string
  readonly folder: string
  readonly secrets: readonly SyncedSecret[]
  /** Secrets of which `kubectl apply` has kept values in an annotation. */
  readonly copied: readonly KeptSecret[]
  /** Keys that are there, and of which no source is known: "honeydue-secrets B2_KEY". */
  readonly unknown: readonly string[]
  /** What nobody could be asked about: "SECRET_KEY". */
  readonly untried: readonly string[]
  /** Why it may not begin. */
  readonly against: Finding
}

/** Which key, and where its truth stands. */
interface Sourced {
  readonly secret: string
  readonly type: string
  readonly key: string
  readonly called: string
  readonly source: ValueSource
  readonly pulls?: { readonly host: string; readonly user: string }
}

/** Reads every source and every Secret, and has each value that is to come tried where somebody can be asked. */
export const gatherSync = async (
  only: readonly string[],
  look: Readers<SyncSystems>,
  { environment }: Pick<Context, 'environment'>,
): Promise<SyncFacts> => {
  const { kube, checkout } = look
  const { namespace } = environment
  const [kept, pull, workloads] = await Promise.all([kube.secrets(namespace), pullSecretOf(environment, look), makersIn(kube, namespace)])
  const known = sourced(environment, pull)
  const chosen = only.length === 0 ? known : known.filter(({ called }) => only.includes(called))
  const all = await Promise.all(
    chosen.map(async (one) => {
      const { key, called, source } = one
      const [text, value, line, begun, live] = await Promise.all([
        checkout.secret(source.file),
        checkout.value(source),
        checkout.valueLine(source),
        checkout.secret(valueFiles(baseOf(called)).new),
        kube.secret(namespace, one.secret, key),
      ])
      const place: ValuePlace = {
        file: `${checkout.folder}/${source.file}`,
        in: source.in,
        ...(line !== undefined && { line }),
        ...(one.pulls && { around: aroundPassword(one.pulls) }),
      }
      return { ...one, value, live, place, against: against(one, { text, value, begun, place }) }
    }),
  )
  const keys = all.flatMap(({ value, ...one }) => {
    const { secret, key, called, source, place, live, pulls } = one
    if (value === undefined) return []
    const kind = kept.find(({ name }) => name === secret)
    const [before, after] = pulls ? aroundPassword(pulls) : ['', '']
    const digest = digestOf(pulls ? `${pulls.user}:${value.reveal()}` : value.reveal())
    const synced: SyncedKey = {
      key,
      called,
      source: shownSource(source),
      place,
      wanted: new Secret(`${before}${value.reveal()}${after}`),
      digest,
      live,
      same: kind?.keys.find(({ name }) => name === key)?.digest === digest,
      base: baseOf(called),
      consumers: consumersOf({ secret, key }, { workloads, pods: [] }),
    }
    return [{ secret, type: one.type, value, synced }]
  })
  const tries = await Promise.all(
    keys.map(async ({ value, synced }) => ({
      called: synced.called,
      said: synced.same ? ('works' as const) : await tryValue(synced.called, value, look, pull),
    })),
  )
  const names = [...new Set(chosen.map(({ secret }) => secret))]
  const isKnown = new Set(known.map(({ secret, key }) => `${secret} ${key}`))
  return {
    only,
    environment,
    namespace,
    folder: checkout.folder,
    secrets: names.map((name) => ({
      name,
      type: chosen.find(({ secret }) => secret === name)?.type ?? 'Opaque',
      kept: kept.find((one) => one.name === name),
      keys: keys.flatMap(({ secret, synced }) => (secret === name ? [synced] : [])),
    })),
    copied: kept.filter(hasCopy),
    unknown: kept
      .filter(({ name }) => names.includes(name) || (pull !== undefined && name === pull.secret))
      .flatMap(({ name, keys: there }) => there.map((one) => `${name} ${one.name}`))
      .filter((one) => !isKnown.has(one)),
    untried: tries.flatMap(({ called, said }) => (said === 'untried' ? [called] : [])),
    against: every([
      when(
        only.every((name) => known.some(({ called }) => called === name)),
        `no source is known of ${only.filter((name) => !known.some(({ called }) => called === name)).join(', ')}`,
        'honeydue secrets:status',
      ),
      ...all.map((one) => one.against),
      ...tries.map(({ said }) => (typeof said === 'string' ? holds : said)),
    ]),
  }
}

/** Whether an annotation has values of it. */
export const hasCopy = ({ keys, appliedOnly }: KeptSecret): boolean =>
  appliedOnly.length > 0 || keys.some(({ applied }) => applied !== 'none')

/** The keys that secret-rotation.md has sources of, but the origin certificate, of which cert:install has both halves in hand. */
const sourced = (environment: Pick<Context['environment'], 'database' | 'redis'>, pull: PullSecret | undefined): readonly Sourced[] => [
  ...Object.entries(sourcesOf(environment)).flatMap(([secret, keys]) =>
    secret === originSecret
      ? []
      : Object.entries(keys).map(([key, source]): Sourced => ({ secret, type: 'Opaque', key, called: key, source })),
  ),
  ...(pull?.host === undefined || pull.user === undefined
    ? []
    : [
        {
          secret: pull.secret,
          type: 'kubernetes.io/dockerconfigjson',
          key: pullKey,
          called: 'REGISTRY_PASSWORD',
          source: registrySources.password,
          pulls: { host: pull.host, user: pull.user },
        },
      ]),
]

/** By which the files of a key's values are named, as a rotation names them. */
const baseOf = (called: string): string => `deploy-k3s/secrets/${called.toLowerCase()}`

const against = (
  { called, source }: Sourced,
  {
    text,
    value,
    begun,
    place,
  }: {
    readonly text: Secret | undefined
    readonly value: Secret | undefined
    readonly begun: Secret | undefined
    readonly place: ValuePlace
  },
): Finding => {
  if (value === undefined) return fails(`${shownSource(source)}, the source of ${called}, is not there`, 'honeydue secrets:status')
  if (begun)
    return fails(
      `a rotation of ${called} is under way: ${valueFiles(baseOf(called)).new} has its new value`,
      isRotated(called) ? sh`honeydue secrets:rotate ${called}` : 'honeydue secrets:status',
    )
  return when(
    isReadPlainly(text?.reveal() ?? '', place, value.reveal()),
    `${shownSource(source)} is empty, or written so that a shell would read another value than is meant`,
    'honeydue secrets:status',
  )
}
