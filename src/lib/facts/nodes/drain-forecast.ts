import type { Environment } from '../../environment/schema.ts'
import { Blocked } from '../../errors.ts'
import { isOwnName } from '../../own-name.ts'
import { every, type Finding, fails, holds } from '../../plan/finding.ts'
import { hasEnded, isDaemon, isDrained, isReady } from '../../pod-state.ts'
import { sh } from '../../shell.ts'
import type { KubeReader, Node, Pod } from '../../systems/kube/types.ts'
import { ownerOf } from '../cluster/owner.ts'
import { migratingJobs } from '../db/migrating.ts'
import { apiNodes } from './api-nodes.ts'
import { type BudgetsSay, budgetsOf, type Covering, readBudgets } from './budgets.ts'
import { type Places, withoutPlace } from './places.ts'

type Deployment = Pick<Environment, 'nodes' | 'namespace'>
type Expected = Environment['nodes'][number]

/** The cluster as a drain of one of its nodes finds it. */
export interface DrainWorld extends Places {
  readonly deployment: Deployment
  readonly expected: Expected
  readonly node: Node
  readonly budgets: readonly Covering[]
  /** Jobs that migrate the database now, by name. */
  readonly migrating: readonly string[]
  readonly now: Date
}

/** A workload with pods on the node that no other node takes. */
export interface Staying {
  readonly owner: string
  readonly why: string
}

/** Whether a drain would come to an end, and what it would take away. */
export interface DrainForecast {
  /** Everything that runs there but daemons. */
  readonly leaving: readonly Pod[]
  readonly daemons: number
  readonly stays: readonly Staying[]
  readonly budgets: BudgetsSay
  /** It may begin; or every reason against it. */
  readonly mayBegin: Finding
}

/** Throws Blocked where the cluster has no such node, or has it at another address. */
export const readDrainWorld = async (kube: KubeReader, expected: Expected, deployment: Deployment, now: Date): Promise<DrainWorld> => {
  const [nodes, pods, claims, volumes, budgets, migrating] = await Promise.all([
    kube.nodes(),
    kube.pods(),
    kube.list('PersistentVolumeClaim'),
    kube.list('PersistentVolume'),
    readBudgets(kube),
    migratingJobs({ kube }, deployment.namespace),
  ])
  const node = nodeOfCluster(nodes, expected)
  return { deployment, expected, node, nodes, pods, claims, volumes, budgets, migrating, now }
}

/** The Node of a machine of the environment. Throws Blocked where its name or address says that it is another one. */
export const nodeOfCluster = (nodes: readonly Node[], { alias, hostname, address }: Expected): Node => {
  const node = nodes.find(({ metadata }) => isOwnName(metadata.name, hostname))
  if (!node)
    throw new Blocked({
      code: 'node-not-in-cluster',
      failed: `${hostname} (${alias}) is not a node of the cluster`,
      cause: `It has ${nodes.map(({ metadata }) => metadata.name).join(', ')}`,
      next: 'honeydue nodes:status',
    })
  const addresses = (node.status.addresses ?? []).map((one) => one.address)
  if (!addresses.includes(address))
    throw new Blocked({
      code: 'node-elsewhere',
      failed: `${hostname} (${alias}) has the addresses ${addresses.join(', ')} in the cluster, not ${address}`,
      cause: 'The environment names another machine than the cluster',
      next: 'honeydue nodes:status',
    })
  return node
}

/** What would happen, by what the cluster says now. */
export const forecastDrain = (world: DrainWorld): DrainForecast => {
  const { node, pods, budgets, now } = world
  const here = pods.filter(({ spec }) => spec.nodeName === node.metadata.name)
  const leaving = here.filter(isDrained)
  const placeless = withoutPlace(leaving, world, node.metadata.name)
  const say = budgetsOf(leaving, budgets, placeless, now)
  const stays = new Map([...placeless].map(([pod, why]) => [ownerOf(pod), why] as const))
  return {
    leaving,
    daemons: here.filter((pod) => isDaemon(pod) && !hasEnded(pod)).length,
    stays: [...stays].map(([owner, why]) => ({ owner, why })),
    budgets: say,
    mayBegin: every([
      quorumHolds(world),
      kubeletAnswers(world),
      ...say.never.map(({ because, next }) => fails(because, next)),
      ...leaving.flatMap((pod) => againstEvicting(pod, world)),
    ]),
  }
}

/** etcd has one vote a member, and more than half of them must be there: with three, one may be away, and that one is this node. */
const quorumHolds = ({ deployment, expected, node, nodes }: Pick<DrainWorld, 'deployment' | 'expected' | 'node' | 'nodes'>): Finding => {
  const others = apiNodes(nodes, []).filter(({ name }) => name !== node.metadata.name)
  const members = nodes.filter(({ metadata }) => metadata.labels?.['node-role.kubernetes.io/etcd'] !== undefined)
  if (!members.includes(node)) return holds
  const aliasOf = (name: string) => deployment.nodes.find(({ hostname }) => isOwnName(name, hostname))?.alias ?? name
  const away = [
    ...others
      .filter(
        ({ name, ready, conditions }) =>
          members.some(({ metadata }) => metadata.name === name) && (!ready || conditions.includes('not EtcdIsVoter')),
      )
      .map(({ name, ready }) => `${aliasOf(name)} is ${ready ? 'no voter of etcd' : 'NotReady'}`),
    ...deployment.nodes
      .filter(({ hostname }) => !nodes.some(({ metadata }) => isOwnName(metadata.name, hostname)))
      .map(({ alias }) => `${alias} is not in the cluster`),
  ]
  return away.length === 0
    ? holds
    : fails(`${away.join(', ')}: without ${expected.alias} too, etcd would lose its quorum`, 'honeydue nodes:status')
}

/** Evicted, a pod is only gone when its kubelet says so. */
const kubeletAnswers = ({ node, expected }: DrainWorld): Finding => {
  const [own] = apiNodes([node], [])
  return own?.ready
    ? holds
    : fails(`${expected.alias} is NotReady: what is evicted there stays on its way out until its kubelet answers`, 'honeydue nodes:status')
}

const againstEvicting = (pod: Pod, { migrating }: DrainWorld): readonly Finding[] => {
  const { name, namespace = '', ownerReferences = [] } = pod.metadata
  const job = ownerReferences.find(({ kind }) => kind === 'Job')?.name
  if (ownerReferences.length === 0)
    return [fails(`${name} has no owner: nothing would start it again`, sh`kubectl -n ${namespace} get pod ${name} -o wide`)]
  return job !== undefined && migrating.includes(job)
    ? [fails(`the Job ${job} migrates the database from here: cut off, nobody records how far it came`, 'honeydue db:migrations')]
    : []
}

/** What a person should know before: what waits, what data ends, what has its only pod here. */
export const losses = (
  { leaving, stays, budgets }: DrainForecast,
  { pods, expected }: DrainWorld,
  gently: readonly { readonly name: string }[],
): readonly string[] => {
  const { alias } = expected
  const owners = [...new Set(leaving.map(ownerOf))]
  const alone = owners.filter(
    (owner) =>
      !stays.some((one) => one.owner === owner) && !pods.some((pod) => ownerOf(pod) === owner && isReady(pod) && !leaving.includes(pod)),
  )
  const first = alone.filter((owner) => gently.some(({ name }) => owner === `Deployment ${name}`))
  const gap = alone.filter((owner) => !first.includes(owner))
  const having = (kind: 'emptyDir' | 'hostPath') => [
    ...new Set(leaving.filter(({ spec }) => spec.volumes?.some((volume) => volume[kind] !== undefined)).map(ownerOf)),
  ]
  const jobs = leaving.filter(({ metadata }) => metadata.ownerReferences?.some(({ kind }) => kind === 'Job')).map(ownerOf)
  const [empty, paths] = [having('emptyDir'), having('hostPath')]
  return [
    ...stays.map(({ owner, why }) => `${owner} is away until ${alias} takes pods again: ${why}`),
    ...budgets.waits,
    ...(first.length === 0 ? [] : [`Only here, and rolled out anew, so that another pod is ready first: ${first.join(', ')}`]),
    ...(gap.length === 0 ? [] : [`Only here, and so away until another pod is ready: ${gap.join(', ')}`]),
    ...(jobs.length === 0 ? [] : [`Cut off in mid-work: ${[...new Set(jobs)].join(', ')}`]),
    ...(empty.length === 0 ? [] : [`What is in an emptyDir ends with its pod: ${empty.join(', ')}`]),
    ...(paths.length === 0 ? [] : [`Files of the node (hostPath) stay behind on it: ${paths.join(', ')}`]),
  ]
}
