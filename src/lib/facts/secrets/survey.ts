import type { Environment } from '../../environment/schema.ts'
import { digestOf } from '../../secret-digest.ts'
import type { CheckoutReader, ValueSource } from '../../systems/checkout/types.ts'
import type { KeptKey, KeptSecret, KubeReader } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { findPlaces, originSecret } from '../cert/places.ts'
import { makersIn } from '../cluster/makers.ts'
import { basicUserOf, passwordOf } from './basic-auth.ts'
import { type Consumer, consumersOf } from './consumers.ts'
import { loginSource, pullKey, registrySources, shownSource, sourcesOf } from './sources.ts'
import { askWhetherTheyWork, type Worked } from './working.ts'

/** Where a key's truth stands, beside what the Secret has; no value is kept. */
export interface SourceState {
  readonly shown: string
  readonly file: string
  /** Undefined where there is no such file. */
  readonly mode: number | undefined
  readonly there: boolean
  /** Undefined where it cannot be compared: a password that the Secret has the hash of, in a form that is not looked into here. */
  readonly same: boolean | undefined
  /** What brings both together again, where `secrets:sync` does not. */
  readonly next?: string
}

export interface KeyState extends KeptKey {
  readonly secret: KeptSecret
  /** Undefined where no source of it is known. */
  readonly source: Answer<SourceState> | undefined
  readonly consumers: readonly Consumer[]
}

export interface SecretsSurvey {
  readonly keys: readonly KeyState[]
  readonly secrets: readonly KeptSecret[]
  /** Keys that secret-rotation.md has and the cluster has not: "honeydue-secrets FCM_SERVER_KEY". */
  readonly missing: readonly string[]
  readonly worked: readonly Worked[]
}

/** Those of Kubernetes and of Helm are nobody's to rotate. */
const own = new Set(['kubernetes.io/service-account-token', 'helm.sh/release.v1', 'bootstrap.kubernetes.io/token'])

/** Asks the cluster, the checkout and whoever the credentials are for, at once. Throws what reading the Secrets throws: without them there is nothing to say. */
export const surveySecrets = async (
  look: Readers<'kube' | 'checkout' | 'postgres' | 'redis' | 'registry' | 'cloudflare' | 'apns'>,
  environment: Environment,
): Promise<SecretsSurvey> => {
  const { namespace } = environment
  const { kube, checkout } = look
  const [all, workloads, pods, entrances] = await Promise.all([
    kube.secrets(namespace),
    makersIn(kube, namespace),
    kube.pods({ namespace }),
    entrancesOf(kube, namespace),
  ])
  const secrets = all.filter(({ type }) => !own.has(type))
  const sources = sourcesOf(environment)
  const keys = secrets.flatMap((secret) =>
    secret.keys.map(async (key): Promise<KeyState> => {
      const consumers = [...consumersOf({ secret: secret.name, key: key.name }, { workloads, pods }), ...(entrances.get(secret.name) ?? [])]
      const source = sources[secret.name]?.[key.name]
      const login = secret.name === environment.basicAuth.secret ? loginSource(environment) : undefined
      const asked =
        key.name === pullKey
          ? answer(pullSource(checkout, key))
          : login
            ? answer(loginState(look, environment, login, key))
            : source && answer(sourceState(checkout, source, key))
      return { ...key, secret, consumers, source: asked && (await asked) }
    }),
  )
  const pull = secrets.find(({ type }) => type === 'kubernetes.io/dockerconfigjson')
  const [states, worked] = await Promise.all([Promise.all(keys), askWhetherTheyWork(look, environment, pull?.name)])
  const missing = Object.entries(sources).flatMap(([name, known]) => {
    const secret = secrets.find((one) => one.name === name)
    return Object.keys(known).flatMap((key) => (secret?.keys.some((one) => one.name === key) ? [] : [`${name} ${key}`]))
  })
  return { keys: states, secrets, missing, worked: worked.filter(({ secret, key }) => !missing.includes(`${secret} ${key}`)) }
}

const sourceState = async (checkout: CheckoutReader, source: ValueSource, { digest }: KeptKey): Promise<SourceState> => {
  const [mode, value] = await Promise.all([checkout.mode(source.file), checkout.value(source)])
  return {
    shown: shownSource(source),
    file: source.file,
    mode,
    there: value !== undefined,
    same: value !== undefined && digestOf(value.reveal()) === digest,
  }
}

/** The script makes the pull secret of two scalars. */
const pullSource = async (checkout: CheckoutReader, key: KeptKey): Promise<SourceState> => {
  const [state, username, password] = await Promise.all([
    sourceState(checkout, registrySources.password, key),
    checkout.value(registrySources.username),
    checkout.value(registrySources.password),
  ])
  const both = username && password && digestOf(`${username.reveal()}:${password.reveal()}`)
  return { ...state, there: both !== undefined, same: both === key.digest }
}

/** The Secret has the hash of what stands in config.yaml. */
const loginState = async (
  look: Readers<'kube' | 'checkout'>,
  environment: Environment,
  source: ValueSource,
  key: KeptKey,
): Promise<SourceState> => {
  const [state, found, value] = await Promise.all([
    sourceState(look.checkout, source, key),
    basicUserOf(environment, look),
    look.checkout.value(source),
  ])
  const same = typeof found === 'string' || value === undefined ? undefined : passwordOf(found.line, found.user, value)
  return { ...state, same, next: 'honeydue secrets:rotate admin-basic-auth --dry-run' }
}

/** What Traefik uses of the namespace's Secrets: certificates of Ingresses and TLSStores, and the users of basic authentication. */
const entrancesOf = async (kube: KubeReader, namespace: string): Promise<ReadonlyMap<string, readonly Consumer[]>> => {
  const [places, middlewares] = await Promise.all([findPlaces(kube), kube.list('Middleware', { namespace })])
  const ingress = (name: string): readonly [string, readonly Consumer[]] => [name, [{ workload: 'Traefik', use: 'mounted', pods: [] }]]
  const certificates = [...places.namespaces.map((one) => `${one}/${originSecret}`), ...places.others].flatMap((place) =>
    place.startsWith(`${namespace}/`) ? [place.slice(namespace.length + 1)] : [],
  )
  const users = middlewares.flatMap(({ spec }) => {
    const { basicAuth, digestAuth } = (spec ?? {}) as Readonly<Record<string, { readonly secret?: string } | undefined>>
    return [basicAuth?.secret, digestAuth?.secret].flatMap((name) => name ?? [])
  })
  return new Map([...certificates, ...users].map(ingress))
}
