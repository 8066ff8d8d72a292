import type { Clock, Duration } from '../../clock.ts'
import { onlyCredentials } from '../../docker-config.ts'
import { Blocked } from '../../errors.ts'
import { type Consumer, consumersWhere, noneMissing, noneRolls } from '../../facts/config/consumers.ts'
import { consumersOf, useOf } from '../../facts/secrets/consumers.ts'
import { shownSource, sourcesOf } from '../../facts/secrets/sources.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, when } from '../../plan/finding.ts'
import { Secret } from '../../secret.ts'
import type { ValueSource, ValueWriter } from '../../systems/checkout/types.ts'
import type { KeptKey, KeptSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, fitting, howFar, same } from './how-far.ts'
import type { Wanted } from './kinds.ts'
import { hasLive, liveKey } from './live-secret.ts'

/** What the operator chose; milliseconds. */
export interface RotationWish {
  /** A file with the new value; without one, it is made here, or was typed. */
  readonly from: string | undefined
  /** The new value as somebody typed it, unseen. */
  readonly typed?: Secret | undefined
  readonly soak: Duration
  readonly keepOld: boolean
  /** A value younger than this is the new one: the rotation is over. */
  readonly newerThan: Duration
}

/** A value under rotation, wherever it is live: begun or not, it is described by its two values and where each stands. */
export interface ValueFacts extends RotationWish {
  /** As an operator calls it. */
  readonly called: string
  readonly live: Live
  readonly lines: boolean
  readonly half: boolean
  /** Undefined where no file of this machine has it. */
  readonly source: ValueSource | undefined
  readonly line: number | undefined
  /** By which the two values' files are named. */
  readonly base: string
  readonly folder: string
  readonly next: Secret
  /** What the new one replaces; undefined where the rotation is over. */
  readonly old: Secret | undefined
  /** Why it may not begin. */
  readonly against: Finding
  readonly clock: Clock
}

/** Where a value is in use. */
export interface Live {
  /** "Secret honeydue/honeydue-secrets, SECRET_KEY". */
  readonly shown: string
  /** Where an operator has it, for the shell line. */
  readonly from: Parameters<ValueWriter['keepOldValue']>[0]['live']
  readonly has: (value: Secret | undefined, look: Readers<'kube' | 'checkout'>) => Promise<Finding>
  /** When it came to be in use, by whoever keeps it. */
  readonly since: (look: Readers<'kube' | 'checkout'>) => Promise<Date | undefined>
}

/** The rotation of a value that a Secret of the cluster has. */
export interface RotationFacts extends ValueFacts {
  readonly namespace: string
  readonly key: string
  readonly source: ValueSource
  readonly pulls: Pulls | undefined
  /** What is set in the same write of the Secret. */
  readonly also?: { readonly key: string; readonly base: string; readonly next: Secret; readonly old: Secret | undefined }
  readonly secret: KeptSecret
  /** The new one was made just now, and nobody has it yet. */
  readonly made: boolean
  /** Its pods are restarted before the Secret is changed as well: those may have begun in the very second of that. */
  readonly early: boolean
  readonly consumers: readonly Consumer[]
}

/** Of a pull secret the value is a password alone: for which registry, of whom, and with which image it is tried. */
export interface Pulls {
  readonly host: string
  readonly user: string
  readonly image: string
}

export interface Rotated {
  readonly secret: string
  readonly key: string
  /** Which workloads the new value does not belong to: they check logins by it, and use it for none of their own. */
  readonly servers: readonly string[]
  /** Its restarts begin before the Secret is changed: what rolls out since both values are kept is its own. */
  readonly early?: boolean
  /** Where a human makes a new one; without it, one is made here. */
  readonly madeAt?: string
  /** As an operator calls it, and its files are called; else by its key. */
  readonly called?: string
  /** Where its truth stands; else as secret-rotation.md has it. */
  readonly source?: ValueSource
  readonly pulls?: Pulls
  /** It has several lines, which are kept as they are. */
  readonly lines?: boolean
  /** It is what stands behind the first colon of what is given: before it stands the id that goes with it. */
  readonly half?: boolean
  /** Why it cannot be such a value, where it has a form of its own; else it is one word that fits everywhere. */
  readonly form?: (value: Secret) => string | undefined
}

/** Reads where both values stand, and finds out how far an earlier run has come. */
export const gatherRotation = async (
  { secret: name, key, servers, early = false, madeAt, called = key, source: at, pulls, lines = false, half = false, form }: Rotated,
  wish: RotationWish,
  { kube, checkout }: Readers<'kube' | 'checkout'>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<RotationFacts> => {
  const { namespace } = environment
  const base = baseOf(called)
  const source = at ?? sourceOf(environment, name, key)
  const [live, whole, inSource, line, deployments, sets, daemons] = await Promise.all([
    liveKey(kube, namespace, name, key),
    kube.secret(namespace, name, key),
    checkout.value(source),
    checkout.valueLine(source),
    kube.list('Deployment', { namespace }),
    kube.list('StatefulSet', { namespace }),
    kube.list('DaemonSet', { namespace }),
  ])
  if (!live || !whole) throw noKey(namespace, name, key)
  const [secret, kept] = live
  const present = pulls ? passwordIn(whole, pulls) : whole
  const over = isYoung(kept, wish.newerThan, clock)
  const {
    next,
    old,
    made,
    kept: filed,
  } = await howFar(
    checkout,
    { base, called, present, inSource, over, madeAt, fitted: fitting({ lines, half, ...(form && { form }) }) },
    wish,
  )
  const uses = { secret: name, key }
  const consumers = consumersWhere(
    deployments,
    ({ metadata, spec }) => !servers.includes(metadata.name) && useOf(spec.template.spec, uses) !== undefined,
    environment,
  )
  const others = consumersOf(uses, {
    workloads: [...sets.map((one) => ['StatefulSet', one] as const), ...daemons.map((one) => ['DaemonSet', one] as const)],
    pods: [],
  })
  const begun = same(present, next) || (early && filed)
  return {
    ...wish,
    namespace,
    key,
    called,
    pulls,
    live: {
      shown: `Secret ${namespace}/${name}, ${key}`,
      from: { namespace, name, key, ...(pulls && { password: true }) },
      has: (value, look) => hasLive({ namespace, key, secret, pulls }, value, look),
      since: async (look) => (await liveKey(look.kube, namespace, name, key))?.[1].writtenAt,
    },
    lines,
    half,
    secret,
    source,
    line,
    base,
    folder: checkout.folder,
    next,
    old,
    made,
    early,
    consumers,
    against: every([
      when(inSource !== undefined, `${shownSource(source)}, the source of ${key}, is not there`, 'honeydue secrets:status'),
      when(
        same(present, next) || same(present, old),
        `Secret ${namespace}/${name} has a third ${key}, neither the old nor the new one of the files ${base}.*: somebody changed it meanwhile`,
        'honeydue secrets:status',
      ),
      when(
        others.length === 0,
        `${others.map(({ workload }) => workload).join(', ')} uses ${key} too, and only Deployments are restarted here`,
      ),
      when(consumers.length > 0, `no Deployment uses ${key}`, 'honeydue secrets:status'),
      // What is rolling out since the Secret has the new one is this rotation's own.
      noneRolls(consumers, () => begun),
      begun ? { ok: true } : noneMissing(consumers, `before ${key} is changed`),
    ]),
    clock,
  }
}

/** Whether a new value has to come from somebody: none is kept of a run before, and the live one is not new. */
export const wantsValue = async (
  { secret, key, called = key }: Pick<Wanted, 'secret' | 'key' | 'called'>,
  { from, newerThan }: Pick<RotationWish, 'from' | 'newerThan'>,
  { kube, checkout }: Readers<'kube' | 'checkout'>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<boolean> => {
  if (from !== undefined || (await checkout.secret(valueFiles(baseOf(called)).new))) return false
  if (secret === undefined) return true
  const [, kept] = (await liveKey(kube, environment.namespace, secret, key)) ?? []
  return kept !== undefined && !isYoung(kept, newerThan, clock)
}

/** A rotation wrote it, and not long ago. */
const isYoung = ({ rotatedAt }: KeptKey, newerThan: Duration, clock: Clock): boolean =>
  rotatedAt !== undefined && rotatedAt.getTime() > clock.now().getTime() - newerThan

/** The password of the one entry that a docker config has. Throws Blocked where it is somebody else's, or one of several. */
const passwordIn = (config: Secret, { host, user }: Pulls): Secret => {
  const [owner = '', ...password] = (onlyCredentials(config)?.reveal() ?? '').split(':')
  if (owner === user && password.length > 0) return new Secret(password.join(':'))
  throw new Blocked({
    code: 'secrets-other-login',
    failed: `The pull secret has no login of ${user} alone for ${host}`,
    cause: 'It was made by hand, or of another config.yaml: 02-setup-secrets.sh would make another one',
    next: 'honeydue registry:status',
  })
}

const sourceOf = (environment: Context['environment'], name: string, key: string): ValueSource => {
  const source = sourcesOf(environment)[name]?.[key]
  if (source) return source
  throw new Blocked({
    code: 'secrets-no-source',
    failed: `Where the truth of ${name} ${key} stands is not known`,
    cause: 'The environment names another Secret or key than secret-rotation.md',
    next: 'honeydue config:explain',
  })
}

const noKey = (namespace: string, name: string, key: string): Blocked =>
  new Blocked({
    code: 'secrets-no-key',
    failed: `Secret ${namespace}/${name} has no ${key}`,
    cause: 'It was deleted, or this is another cluster',
    next: 'honeydue secrets:status',
  })
