import { ownerOf } from '../../facts/cluster/owner.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { got, told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { beforeRebootOf, begunAs } from '../../facts/nodes/before-reboot.ts'
import { type BeforeReplace, beforeReplaceOf, marksOf } from '../../facts/nodes/before-replace.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { mounts } from '../../facts/nodes/places.ts'
import { replacesNote } from '../../notes.ts'
import { isOwnName } from '../../own-name.ts'
import type { Context } from '../../plan/context.ts'
import type { Node } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { gatherRoundRobin, type RoundRobinFacts } from '../edge/round-robin-facts.ts'

export type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** A machine that is gone, and where the one that takes its place is to answer. */
export interface ReplaceFacts {
  /** By the address of before. */
  readonly edge: RoundRobinFacts
  /** By the address of the new one. */
  readonly next: RoundRobinFacts
  /** Nobody is asked whether the new one is there. */
  readonly provisioned: boolean
  /** The environment names another address than the new one's. */
  readonly renamed: boolean
  readonly former: BeforeReplace
  /** A run before this one has begun it, and left its note. */
  readonly begun: boolean
  /** Another one has taken its place, and all is done. */
  readonly done: boolean
  /** The Node that has the note, or is to have it. */
  readonly keeper: string
  /** The other machines' aliases. */
  readonly others: readonly string[]
  /** What has begun with other nodes. */
  readonly beside: readonly string[]
  /** Volumes that were on its disk alone, by the claim that has them. */
  readonly lost: readonly { readonly claim: string; readonly redis: boolean }[]
  /** Where its former address is let in, and the new one is not. */
  readonly letIn: readonly string[]
}

/** Throws Usage for a node that the environment does not have. */
export const gatherReplace = async (
  input: { readonly node: string; readonly address: string | undefined; readonly provisioned: boolean },
  look: Readers<Needs>,
  { environment, clock }: Pick<Context, 'environment' | 'clock'>,
): Promise<ReplaceFacts> => {
  const machine = nodeNamed(environment, input.node)
  const { alias, hostname } = machine
  const nodes = await look.kube.nodes()
  const isIt = (name: string) => isOwnName(name, hostname)
  const node = nodes.find(({ metadata }) => isIt(metadata.name))
  const notes = nodes.map((one) => ({ keeper: one.metadata.name, noted: beforeReplaceOf(one) }))
  const own = notes.find(({ noted }) => noted !== undefined && isIt(noted.node))
  const was = { ...machine, address: own?.noted?.address ?? machine.address }
  const { ipv6, ...four } = machine
  const address = input.address ?? machine.address
  const now = { ...(address === was.address && ipv6 !== undefined ? { ipv6 } : {}), ...four, address }
  const deploymentWith = (one: typeof machine) => ({
    ...environment,
    nodes: environment.nodes.map((other) => (other.alias === alias ? one : other)),
  })
  const others = environment.nodes.flatMap((one) => (one.alias === alias ? [] : [one.alias]))
  const replaces = node?.metadata.annotations?.[replacesNote]
  const [edge, boot, lost, letIn] = await Promise.all([
    gatherRoundRobin(alias, 0, look, { environment: deploymentWith(was), clock }),
    own === undefined && replaces !== undefined ? told(look.nodes.boot(alias)) : undefined,
    lostWith(node, hostname, look, environment),
    address === was.address ? [] : letInAs(was.address, others, look),
  ])
  const done = own === undefined && replaces !== undefined && got(boot) !== undefined
  const names = edge.names.filter((name) => edge.records.some((one) => one.name === name && one.proxied && leadsToNode(edge.node, one)))
  const asItIs = {
    node: node?.metadata.name ?? hostname,
    uid: done ? replaces : (node?.metadata.uid ?? ''),
    address: was.address,
    // Of one that somebody had taken out before, nobody knows which they were: all of them are for every node.
    names: done ? [] : names.length > 0 ? names : edge.names,
    ...(node === undefined || done ? { labels: {}, taints: [] } : marksOf(node)),
  }
  const ready = apiNodes(nodes, []).filter((one) => one.ready && !isIt(one.name))
  return {
    edge,
    next: { ...edge, node: now, deployment: deploymentWith(now), records: edge.records.filter((one) => !isRobins(edge, one)) },
    provisioned: input.provisioned,
    renamed: address !== machine.address,
    former: own?.noted ?? asItIs,
    begun: own !== undefined,
    done,
    keeper: own?.keeper ?? ready[0]?.name ?? '',
    others,
    beside: besideOf(nodes, notes, isIt),
    lost,
    letIn,
  }
}

/** A record by which the round robin leads to the machine of before. */
const isRobins = ({ names, node }: RoundRobinFacts, record: RoundRobinFacts['records'][number]): boolean =>
  names.includes(record.name) && leadsToNode(node, record)

const besideOf = (
  nodes: readonly Node[],
  notes: readonly { readonly noted: BeforeReplace | undefined }[],
  isIt: (name: string) => boolean,
): readonly string[] => [
  ...nodes.flatMap((node) => {
    const before = isIt(node.metadata.name) ? undefined : beforeRebootOf(node)
    return before === undefined ? [] : [`${begunAs(before)} ${node.metadata.name}`]
  }),
  ...notes.flatMap(({ noted }) => (noted === undefined || isIt(noted.node) ? [] : [`a replacement of ${noted.node}`])),
]

/** What the disk of a machine had, and no other one has. */
const lostWith = async (
  node: Node | undefined,
  hostname: string,
  { kube }: Readers<'kube'>,
  { namespace, redis }: Context['environment'],
): Promise<ReplaceFacts['lost']> => {
  const [volumes, claims, pods] = await Promise.all([
    kube.list('PersistentVolume'),
    kube.list('PersistentVolumeClaim'),
    kube.pods({ namespace }),
  ])
  const labels = { 'kubernetes.io/hostname': hostname, ...node?.metadata.labels }
  const own = volumes.filter((one) => one.spec.nodeAffinity?.required && mounts(one, { metadata: { name: hostname, labels } }))
  const ofRedis = pods.filter((pod) => ownerOf(pod) === `Deployment ${redis.deployment}`)
  return claims
    .filter(({ spec }) => own.some(({ metadata }) => metadata.name === spec.volumeName))
    .map(({ metadata }) => ({
      claim: `${metadata.namespace}/${metadata.name}`,
      redis:
        metadata.namespace === namespace &&
        ofRedis.some(({ spec }) => spec.volumes?.some(({ persistentVolumeClaim: one }) => one?.claimName === metadata.name)),
    }))
}

/** Rules that name an address, which somebody else may have by now. */
const letInAs = async (
  address: string,
  others: readonly string[],
  { nodes, kube }: Readers<'nodes' | 'kube'>,
): Promise<readonly string[]> => {
  const [policies, ...firewalls] = await Promise.all([
    told(kube.list('NetworkPolicy')),
    ...others.map(async (alias) => ({ alias, found: await told(nodes.firewall(alias)) })),
  ])
  return [
    ...firewalls.flatMap(({ alias, found }) =>
      'because' in found
        ? [`UFW of ${alias}, which cannot be read: ${found.because}`]
        : found.value.rules.filter(({ from }) => from.split('/')[0] === address).map(({ spec }) => `UFW of ${alias}: ${spec}`),
    ),
    ...(got(policies) ?? [])
      .filter(({ spec }) => JSON.stringify(spec).includes(`"${address}/`))
      .map(({ metadata }) => `NetworkPolicy ${metadata.namespace}/${metadata.name}`),
    ...('because' in policies ? [`NetworkPolicies, which cannot be read: ${policies.because}`] : []),
  ]
}
