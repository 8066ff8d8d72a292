import type { Clock, Duration } from '../../clock.ts'
import { onlyCredentials } from '../../docker-config.ts'
import { Blocked } from '../../errors.ts'
import { consumersWhere, noneMissing, noneRolls } from '../../facts/config/consumers.ts'
import { consumersOf, useOf } from '../../facts/secrets/consumers.ts'
import { shownSource, sourcesOf } from '../../facts/secrets/sources.ts'
import type { Context } from '../../plan/context.ts'
import { every, when } from '../../plan/finding.ts'
import { Secret } from '../../secret.ts'
import type { ValueSource } from '../../systems/checkout/types.ts'
import type { KeptKey } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, fitting, howFar, same } from './how-far.ts'
import { hasLive, liveKey } from './live-secret.ts'
import type { Pulls, Rotated, RotationFacts, RotationWish, Wanted } from './rotation-types.ts'

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
    before: same(inSource, next) ? undefined : inSource,
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
