import type { Clock, Duration } from '../../clock.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { podsOf, rolloutPatience, startsFirst } from '../../facts/cluster/rollout.ts'
import { isSingleton } from '../../facts/deploy/workload.ts'
import { type DrainForecast, type DrainWorld, forecastDrain, readDrainWorld } from '../../facts/nodes/drain-forecast.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import type { Context } from '../../plan/context.ts'
import { isReady } from '../../pod-state.ts'
import type { Deployment, Labelled, Pod } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { gatherRoundRobin, type RoundRobinFacts } from '../edge/round-robin-facts.ts'

/** A workload that is to have as many ready pods on other nodes as it has now, but for those that no other node takes. */
export interface Moving {
  readonly owner: string
  readonly namespace: string
  readonly ready: number
  /** Of a Deployment that is whole then: what kubectl can wait for. */
  readonly deployment?: Deployment
}

/** A node with what leads to it and what runs on it. */
export interface DrainFacts {
  readonly edge: RoundRobinFacts
  readonly world: DrainWorld
  readonly forecast: DrainForecast
  readonly moving: readonly Moving[]
  /** Deployments of one pod that can have another before that one ends. */
  readonly gently: readonly Labelled[]
  /** Redis, cache and job queue in one, can run on this node alone. */
  readonly takesRedis: boolean
  /** For all evictions together, and for the last connection. */
  readonly within: Duration
  /** For the pods that take the place of those that left. */
  readonly patience: Duration
  readonly clock: Clock
}

/** Throws Usage for a node that the environment does not have, Blocked for one that the cluster does not. */
export const gatherDrain = async (
  alias: string,
  within: Duration,
  look: Readers<'kube' | 'cloudflare' | 'nodes' | 'http'>,
  context: Pick<Context, 'environment' | 'clock'>,
): Promise<DrainFacts> => {
  const { environment, clock } = context
  const node = nodeNamed(environment, alias)
  const [world, deployments, sets, edge] = await Promise.all([
    readDrainWorld(look.kube, node, environment, clock.now()),
    look.kube.list('Deployment'),
    look.kube.list('StatefulSet'),
    gatherRoundRobin(alias, within, look, context),
  ])
  const forecast = forecastDrain(world)
  const stays = (owner: string) => forecast.stays.some((one) => one.owner === owner)
  const wanted = [
    ...deployments.map((one) => ({ kind: 'Deployment' as const, one, deployment: one })),
    ...sets.map((one) => ({ kind: 'StatefulSet' as const, one, deployment: undefined })),
  ]
  const moving = wanted.flatMap(({ kind, one: { metadata, spec }, deployment }): readonly Moving[] => {
    const [owner, namespace] = [`${kind} ${metadata.name}`, metadata.namespace ?? '']
    const own = world.pods.filter((pod) => pod.metadata.namespace === namespace && ownerOf(pod) === owner && isReady(pod))
    const elsewhere = stays(owner) ? own.filter(isOn(node.hostname, false)) : own
    const ready = Math.min(spec.replicas ?? 1, elsewhere.length)
    const whole = deployment !== undefined && !stays(owner) && ready === (spec.replicas ?? 1)
    return ready === 0 ? [] : [{ owner, namespace, ready, ...(whole && { deployment }) }]
  })
  const here = new Set(forecast.leaving.map(ownerOf))
  return {
    edge,
    world,
    forecast,
    moving,
    gently: deployments
      .filter((one) => startsFirst(one) && !isSingleton(environment, one.metadata.name) && !stays(`Deployment ${one.metadata.name}`))
      .map((one) => ({ name: one.metadata.name, ...podsOf(one) })),
    takesRedis: stays(`Deployment ${environment.redis.deployment}`),
    within,
    patience: Math.max(300_000, ...deployments.filter(({ metadata }) => here.has(`Deployment ${metadata.name}`)).map(rolloutPatience)),
    clock,
  }
}

/** Whether a pod is placed on a node of the cluster. */
const isOn =
  (hostname: string, is = true) =>
  ({ spec }: Pick<Pod, 'spec'>): boolean =>
    (spec.nodeName?.toLowerCase() === hostname.toLowerCase()) === is
