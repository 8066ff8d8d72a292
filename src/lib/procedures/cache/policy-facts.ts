import { type QueueKeys, queueKeys } from '../../facts/cache/queue-keys.ts'
import { manifestsOf } from '../../facts/checkout/manifests.ts'
import { isReadOnly } from '../../facts/queue/named-queue.ts'
import type { Context } from '../../plan/context.ts'
import type { Readers } from '../../systems/systems.ts'
import { settingPlaces } from '../../yaml-settings.ts'

/** Every policy of Redis 7, as CONFIG SET takes it. */
export const policies = [
  'allkeys-lru',
  'volatile-lru',
  'noeviction',
  'allkeys-lfu',
  'allkeys-random',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
] as const
export type Policy = (typeof policies)[number]

export const setting = 'maxmemory-policy'

/** One line of a manifest that says a policy. */
export interface Said {
  readonly file: string
  readonly line: number
  readonly value: string
  /** Its line has that word once, so that it can be changed and nothing beside it. */
  readonly alone: boolean
}

export interface PolicyFacts {
  readonly to: Policy
  readonly target: string
  readonly readOnly: boolean
  /** What CONFIG GET says; undefined where this server has no such setting. */
  readonly present: string | undefined
  /** Bytes; 0: no limit. */
  readonly usedMemory: number
  readonly maxMemory: number
  readonly queue: QueueKeys
  readonly said: readonly Said[]
  /** What the cluster starts Redis with, where it says a policy: its Deployment's words. */
  readonly startsWith: string | undefined
  readonly checkout: string
}

/** Everything that a policy depends on. */
export const gatherPolicy = async (
  to: Policy,
  look: Readers<'redis' | 'kube' | 'checkout'>,
  { environment }: Context,
): Promise<PolicyFacts> => {
  const { namespace, redis } = environment
  const [target, readOnly, present, info, queue, said, deployment] = await Promise.all([
    look.redis.target(),
    isReadOnly(look),
    look.redis.setting(setting),
    look.redis.info(),
    queueKeys(look.redis),
    saidIn(look),
    look.kube.get('Deployment', redis.deployment, namespace),
  ])
  const words = (deployment?.spec.template.spec.containers ?? []).flatMap(({ command = [], args = [] }) => [...command, ...args])
  return {
    to,
    target,
    readOnly,
    present,
    usedMemory: info.usedMemory,
    maxMemory: info.maxMemory ?? 0,
    queue,
    said,
    startsWith: settingPlaces(JSON.stringify(words), setting)[0]?.value,
    checkout: look.checkout.folder,
  }
}

/** Where the checkout's manifests say a policy. */
export const saidIn = async (look: Readers<'checkout'>): Promise<readonly Said[]> =>
  (await manifestsOf(look)).flatMap(({ name, text }) =>
    settingPlaces(text, setting).map(({ line, value }) => ({
      file: name,
      line,
      value,
      alone: text.split('\n')[line - 1]?.split(value).length === 2,
    })),
  )
