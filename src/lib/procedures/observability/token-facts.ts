import { Blocked } from '../../errors.ts'
import { answer } from '../../facts/answer.ts'
import { makersIn } from '../../facts/cluster/makers.ts'
import { type Consumer, consumersWhere } from '../../facts/config/consumers.ts'
import { consumersOf, startedBefore, useOf } from '../../facts/secrets/consumers.ts'
import { shownSource, sourcesOf } from '../../facts/secrets/sources.ts'
import type { Context } from '../../plan/context.ts'
import type { Secret } from '../../secret.ts'
import { sh } from '../../shell.ts'
import type { Agent } from '../../systems/metrics/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { valueFiles } from '../../value-files.ts'
import { baseOf, same } from '../secrets/how-far.ts'
import type { Rotating, Rotation } from '../secrets/kinds.ts'
import { rotating } from '../secrets/kinds.ts'
import { liveKey } from '../secrets/live-secret.ts'
import { obsIngestToken } from '../secrets/obs-ingest-token.ts'
import { gatherSync, type SyncFacts, type SyncSystems } from '../secrets/sync-facts.ts'

/** Which of the three is wrong: the pods are older than the Secret (or nothing is), the Secret is another than its source, or the store knows neither. */
export type Cause = 'pods' | 'Secret' | 'store'

export interface TokenFacts {
  readonly cause: Cause
  readonly environment: Context['environment']
  readonly host: string
  readonly source: string
  /** How the Secret comes to what its source has; undefined where it is not that. */
  readonly sync: SyncFacts | undefined
  readonly rotation: Rotation<SyncSystems> | undefined
  /** What pods are to have started with, as its digest. */
  readonly digest: string | undefined
  /** The Deployments whose pods get it when they start. */
  readonly consumers: readonly Consumer[]
  /** Pods that started before the Secret had what it has. */
  readonly old: readonly string[]
  /** vmagent is refused: it has a token of its own. */
  readonly agentRefused: boolean
  /** The source has a token that is let in: a deploy brings no other. */
  readonly sourceTakes: boolean
}

const rotation: Rotating<SyncSystems> = rotating(obsIngestToken)

/** What it is for is no matter of a rotation that ends within the same run: the old one is refused already. */
const wishOf = (from: string | undefined, typed: Secret | undefined) => ({ from, typed, soak: 0, keepOld: false, newerThan: 0 })

interface Tokens {
  readonly cause: Cause
  readonly sourceTakes: boolean
  /** A new one is kept on the disk: a rotation goes on with it. */
  readonly begun: boolean
}

/** Asks the store with the Secret's token, and with that of its source where it is another. */
const tokensOf = async (
  { kube, checkout, metrics }: Readers<'kube' | 'checkout' | 'metrics'>,
  environment: Context['environment'],
): Promise<Tokens> => {
  const { secret, tokenKey } = environment.observability
  const source = sourcesOf(environment)[secret]?.[tokenKey]
  const [live, wanted, kept] = await Promise.all([
    kube.secret(environment.namespace, secret, tokenKey),
    source && checkout.value(source),
    checkout.secret(valueFiles(baseOf(tokenKey)).new),
  ])
  const takes = async (token: Secret | undefined): Promise<boolean> =>
    token !== undefined && token.reveal() !== '' && (await metrics.mayWrite(token)).takes
  const liveTakes = await takes(live)
  const sourceTakes = same(live, wanted) ? liveTakes : await takes(wanted)
  const begun = kept !== undefined
  return { cause: begun ? 'store' : liveTakes ? 'pods' : sourceTakes ? 'Secret' : 'store', sourceTakes, begun }
}

/** Whether a new token has to come from somebody. */
export const wantsToken = async (look: Readers<'kube' | 'checkout' | 'metrics'>, environment: Context['environment']): Promise<boolean> => {
  const { cause, begun } = await tokensOf(look, environment)
  return cause === 'store' && !begun
}

/** Reads who is refused, and finds the one thing that puts it right. */
export const gatherToken = async (from: string | undefined, look: Readers<SyncSystems>, context: Context): Promise<TokenFacts> => {
  const { environment } = context
  const { namespace, observability } = environment
  const { secret, tokenKey, write } = observability
  const { kube, metrics } = look
  const [tokens, agent, deployments, workloads, pods, live] = await Promise.all([
    tokensOf(look, environment),
    answer(metrics.agent()),
    kube.list('Deployment', { namespace }),
    makersIn(kube, namespace),
    kube.pods({ namespace }),
    liveKey(kube, namespace, secret, tokenKey),
  ])
  const { cause, sourceTakes } = tokens
  const wanted = { secret, key: tokenKey }
  const sync = cause === 'Secret' ? await gatherSync([tokenKey], look, context) : undefined
  const begun = cause === 'store' ? await rotation.begin(wishOf(from, context.typed), look, context) : undefined
  const old = begun?.of.old
  if (tokens.begun && old && (await metrics.mayWrite(old)).takes) throw inSoak(tokenKey)
  return {
    cause,
    environment,
    host: new URL(write).host,
    source: shownSource(sourcesOf(environment)[secret]?.[tokenKey] ?? { file: secret, in: 'file' }),
    sync,
    rotation: begun,
    digest: sync ? sync.secrets[0]?.keys[0]?.digest : live?.[1].digest,
    consumers: consumersWhere(deployments, ({ spec }) => useOf(spec.template.spec, wanted) === 'env', environment).filter(
      ({ replicas }) => replicas > 0,
    ),
    old: consumersOf(wanted, { workloads, pods }).flatMap((one) => startedBefore(one, live?.[1].writtenAt).map(({ name }) => name)),
    agentRefused: agent.answered && isRefused(agent.value),
    sourceTakes,
  }
}

/** What it counts is since its start: what waits is refused now. */
const isRefused = ({ answers, pendingBytes }: Agent): boolean => pendingBytes > 0 && ['401', '403'].some((status) => answers[status])

/** Both are let in: whoever rotates waits, and nobody is refused. */
const inSoak = (key: string): Blocked =>
  new Blocked({
    code: 'secrets-other-begun',
    failed: `A rotation of ${key} is under way, and the store lets the old one in as well`,
    cause: `${valueFiles(baseOf(key)).new} has its new value`,
    next: sh`honeydue secrets:rotate ${key}`,
  })
