import { Blocked } from '../../errors.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { takesPods } from '../../facts/deploy/room.ts'
import { type Told, told } from '../../facts/edge/survey.ts'
import { nodeOfCluster } from '../../facts/nodes/drain-forecast.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { mounts } from '../../facts/nodes/places.ts'
import type { Context } from '../../plan/context.ts'
import { isReady } from '../../pod-state.ts'
import type { Deployment, Node, PersistentVolumeClaim, Pod } from '../../systems/kube/types.ts'
import type { Jobs } from '../../systems/redis/jobs.ts'
import type { Readers } from '../../systems/systems.ts'

type Environment = Context['environment']
export type Machine = Environment['nodes'][number]

export const hostLabel = 'kubernetes.io/hostname'

/** Redis as it is, and where it is to run. */
export interface RecoverFacts {
  readonly environment: Environment
  readonly target: Machine
  readonly node: Node
  readonly takesPods: boolean
  readonly deployment: Deployment
  /** Host name that its template names; undefined where it names none. */
  readonly pin: string | undefined
  /** The claim of its data now; undefined where it has none. */
  readonly claim: string | undefined
  readonly claims: readonly PersistentVolumeClaim[]
  /** The claim that it is to use, and whether there is one already. */
  readonly wanted: string
  readonly there: boolean
  readonly pods: readonly Pod[]
  /** By host name, of the nodes that its pods are on: whether the cluster has its kubelet's word, and what SSH says. */
  readonly hosts: ReadonlyMap<string, Host>
  readonly jobs: Told<Jobs>
}

export interface Host {
  readonly alias: string
  readonly ready: boolean
  /** Why it does not answer over SSH; undefined where it does. */
  readonly silent: string | undefined
}

/** Throws Blocked where there is no such Deployment, or no such node. */
export const gatherRecover = async (
  alias: string,
  look: Readers<'kube' | 'nodes' | 'redis'>,
  { environment }: Pick<Context, 'environment'>,
): Promise<RecoverFacts> => {
  const target = nodeNamed(environment, alias)
  const { namespace, redis } = environment
  const [deployment, nodes, pods, claims, volumes, jobs] = await Promise.all([
    look.kube.get('Deployment', redis.deployment, namespace),
    look.kube.nodes(),
    look.kube.pods({ namespace }),
    look.kube.list('PersistentVolumeClaim', { namespace }),
    look.kube.list('PersistentVolume'),
    told(look.redis.jobs(1)),
  ])
  if (deployment === undefined)
    throw new Blocked({
      code: 'no-redis',
      failed: `There is no Deployment ${namespace}/${redis.deployment}`,
      next: 'honeydue cluster:health',
    })
  const node = nodeOfCluster(nodes, target)
  const own = pods.filter((pod) => ownerOf(pod) === `Deployment ${redis.deployment}`)
  const { spec } = deployment.spec.template
  const claim = spec.volumes?.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])[0]
  const family = familyOf(claim ?? `${redis.deployment}-data`, environment)
  const onTarget = (one: PersistentVolumeClaim): boolean => {
    const volume = volumes.find(({ metadata }) => metadata.name === one.spec.volumeName)
    return volume !== undefined && mounts(volume, node)
  }
  // One that was made for this node, or lies on it since before, is used again: what is in it is what Redis starts with.
  const kept = claims.find((one) => familyOf(one.metadata.name, environment) === family && onTarget(one))
  const wanted = kept?.metadata.name ?? `${family}-${target.alias}`
  const hosts = await Promise.all(
    [...new Set(own.flatMap(({ spec: { nodeName } }) => nodeName ?? []))].map(
      async (name) => [name, await hostOf(name, nodes, look, environment)] as const,
    ),
  )
  return {
    environment,
    target,
    node,
    takesPods: takesPods(node),
    deployment,
    pin: spec.nodeSelector?.[hostLabel],
    claim,
    claims,
    wanted,
    there: claims.some(({ metadata }) => metadata.name === wanted),
    pods: own,
    hosts: new Map(hosts),
    jobs,
  }
}

/** "redis-data" of "redis-data-hetzner3". */
const familyOf = (claim: string, { nodes }: Environment): string => {
  const alias = nodes.map((one) => `-${one.alias}`).find((end) => claim.endsWith(end))
  return alias === undefined ? claim : claim.slice(0, -alias.length)
}

const hostOf = async (name: string, nodes: readonly Node[], look: Readers<'nodes'>, environment: Environment): Promise<Host> => {
  const known = environment.nodes.find(({ hostname }) => hostname.toLowerCase() === name.toLowerCase())
  const node = nodes.find(({ metadata }) => metadata.name === name)
  const ready = node?.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
  if (known === undefined) return { alias: name, ready, silent: node === undefined ? 'it is no node any more' : undefined }
  const answer = await told(look.nodes.boot(known.alias))
  return { alias: known.alias, ready, silent: 'because' in answer ? answer.because : undefined }
}

/** Its pods on machines that neither the cluster nor SSH hears from: nobody ends those but the API. */
export const lostPods = ({ pods, hosts }: Pick<RecoverFacts, 'pods' | 'hosts'>): readonly Pod[] =>
  pods.filter(({ spec }) => {
    const host = spec.nodeName === undefined ? undefined : hosts.get(spec.nodeName)
    return host !== undefined && !host.ready && host.silent !== undefined
  })

/** It is told to run there already. */
export const isPinned = ({ pin, node, claim, wanted }: Pick<RecoverFacts, 'pin' | 'node' | 'claim' | 'wanted'>): boolean =>
  pin === node.metadata.labels?.[hostLabel] && claim === wanted

/** Ready pods on a machine that answers. */
export const serving = ({ pods, hosts }: Pick<RecoverFacts, 'pods' | 'hosts'>): readonly Pod[] =>
  pods.filter((pod) => isReady(pod) && hosts.get(pod.spec.nodeName ?? '')?.ready === true)
