import { reasonOf, Trouble } from '../../errors.ts'
import { bytes, milliseconds } from '../../facts/nodes/quantities.ts'
import { silentNode } from '../../facts/nodes/silent.ts'
import type { ApiNode, NodesSurvey } from '../../facts/nodes/survey.ts'
import { asRootOn, onNode } from '../../node-lines.ts'
import { isOwnName } from '../../own-name.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { Cluster } from '../../systems/kube/types.ts'
import type { NodeFacts } from '../../systems/nodes/types.ts'

/** kubelet starts to evict when less than 15 % (images) or 10 % (the rest) of the disk is free. */
const diskFree = 0.15
const memoryFree = 0.1
const loadPerCpu = 1.5
/** etcd warns of members whose clocks are a second apart; half of it leaves room to act. */
const clockSpreadMs = 500
/** The operator's own clock matters only for reading logs. */
const ownClockMs = 5000

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

const factsOf = ({ facts }: NodesSurvey): readonly NodeFacts[] =>
  [...facts.values()].flatMap((answer) => (answer.answered ? [answer.value] : []))

/** The alias's host says who it is, and the API says where that name lives: both must agree with the environment. */
const mapping = ({ expected, facts, api }: NodesSurvey): readonly Observation[] => {
  const hosts = expected.flatMap(({ alias, hostname }) => {
    const answer = facts.get(alias)
    return answer?.answered && !isOwnName(answer.value.hostname, hostname)
      ? [wrong(`${alias} is ${answer.value.hostname || 'nameless'}, not ${hostname}`, onNode(alias, sh`hostname`, answer.value.seen))]
      : []
  })
  if (!api.answered) return hosts
  const byName = new Map(api.value.map((node) => [node.name.toLowerCase(), node]))
  const known = new Set(expected.map(({ hostname }) => hostname.toLowerCase()))
  const places = expected.flatMap(({ alias, address, hostname }) => {
    const node = byName.get(hostname.toLowerCase())
    if (!node) return [wrong(`${hostname} (${alias}) is not a node of the cluster`, 'kubectl get nodes -o wide')]
    return node.addresses.includes(address)
      ? []
      : [
          wrong(
            `${hostname} (${alias}) has the addresses ${node.addresses.join(', ')} in the API, not ${address}`,
            'kubectl get nodes -o wide',
          ),
        ]
  })
  const strangers = api.value.filter(({ name }) => !known.has(name.toLowerCase()))
  return [
    ...hosts,
    ...places,
    ...strangers.map(({ name }) => wrong(`${name} is a node of the cluster that no alias names`, sh`kubectl describe node ${name}`)),
  ]
}

/** Too few nodes are left for etcd: that the API does not answer follows. */
const lostQuorum = ({ expected, facts, api }: NodesSurvey): readonly Observation[] => {
  const silent = expected.filter(({ alias }) => facts.get(alias)?.answered === false).map(({ alias }) => alias)
  const needed = Math.floor(expected.length / 2) + 1
  if (api.answered || silent.length === expected.length || expected.length - silent.length >= needed) return []
  const text = `${silent.join(' and ')} do not answer: etcd needs ${needed} of ${expected.length} nodes, so the Kubernetes API is away until one of them is back`
  return [wrong(text, 'honeydue cluster:etcd')]
}

const unreached = (survey: NodesSurvey): readonly Observation[] => [...lostQuorum(survey), ...silent(survey)]

const silent = ({ expected, facts, api }: NodesSurvey): readonly Observation[] => [
  ...(api.answered ? [] : [silentApi(api.error)]),
  ...expected.flatMap(({ alias, hostname }) => {
    const answer = facts.get(alias)
    if (answer?.answered !== false) return []
    return isNotReady(api, hostname)
      ? // Seen from both ends it is away, and what is first is that no customer is led there.
        [wrong(`${alias} is away: NotReady in the cluster, and over SSH ${reasonOf(answer.error)}`, sh`honeydue edge:drain ${alias}`)]
      : [silentNode(alias, answer.error)]
  }),
]

const isSilent = ({ expected, facts }: NodesSurvey, { name }: ApiNode): boolean =>
  expected.some(({ alias, hostname }) => isOwnName(name, hostname) && facts.get(alias)?.answered === false)

const isNotReady = (api: NodesSurvey['api'], hostname: string): boolean =>
  api.answered && api.value.some(({ name, ready }) => isOwnName(name, hostname) && !ready)

const silentApi = (error: unknown): Observation =>
  wrong(`No answer from the Kubernetes API: ${reasonOf(error)}`, (error instanceof Trouble ? error.next : undefined) ?? 'honeydue doctor')

/** What the API says is wrong with one node. */
export const inCluster = (node: ApiNode, name: string): readonly Observation[] => {
  const describe = sh`kubectl describe node ${node.name}`
  return [
    ...(node.ready ? [] : [wrong(`${name} is NotReady${node.because ? `: ${node.because}` : ''}`, describe)]),
    ...node.conditions.map((condition) => wrong(`${name} reports ${condition}`, describe)),
    ...(node.rebooting
      ? [
          node.upgrading !== undefined
            ? warning(`An upgrade of k3s on ${name} has begun and is not at its end`, sh`honeydue cluster:upgrade --to ${node.upgrading}`)
            : node.updating
              ? warning(`An update of ${name} has begun and is not at its end`, sh`honeydue nodes:update ${name}`)
              : warning(`A reboot of ${name} has begun and is not at its end`, sh`honeydue nodes:reboot ${name}`),
        ]
      : []),
    ...(node.cordoned && !node.rebooting
      ? [warning(`${name} is cordoned: no pod is placed on it`, sh`honeydue nodes:uncordon ${name}`)]
      : []),
  ]
}

const onHost = (facts: NodeFacts): readonly Observation[] => {
  const { alias, memory, disk, load, cpus, firewall, k3sService, clock, seen } = facts
  return [
    ...(k3sService === 'active'
      ? []
      : [wrong(`k3s on ${alias} is ${k3sService ?? 'in an unknown state'}`, asRootOn(alias, sh`journalctl -u k3s -n 50`, seen))]),
    ...(disk && disk.availableBytes < disk.totalBytes * diskFree
      ? [wrong(`${alias} has ${bytes(disk.availableBytes)} of ${bytes(disk.totalBytes)} of disk free`, sh`honeydue nodes:disk ${alias}`)]
      : []),
    ...(memory && memory.availableBytes < memory.totalBytes * memoryFree
      ? [
          wrong(
            `${alias} has ${bytes(memory.availableBytes)} of ${bytes(memory.totalBytes)} of memory free`,
            onNode(alias, sh`ps aux --sort -rss`, seen),
          ),
        ]
      : []),
    ...('active' in firewall && !firewall.active
      ? [wrong(`UFW on ${alias} is inactive`, asRootOn(alias, sh`ufw status verbose`, seen))]
      : []),
    ...(clock.synchronized === false ? [wrong(`The clock of ${alias} is not synchronized`, onNode(alias, sh`timedatectl`, seen))] : []),
    ...(load && cpus && load[1] > cpus * loadPerCpu
      ? [warning(`${alias} has a load of ${load[1]} on ${cpus} CPUs over five minutes`, onNode(alias, sh`ps aux --sort -pcpu`, seen))]
      : []),
    ...('unknown' in firewall
      ? [warning(`UFW on ${alias} cannot be read: ${firewall.unknown}`, asRootOn(alias, sh`ufw status`, seen))]
      : []),
    ...(facts.rebootRequired ? [warning(`${alias} needs a reboot (reboot-required)`, sh`honeydue nodes:reboot ${alias} --dry-run`)] : []),
  ]
}

const clocks = (all: readonly NodeFacts[]): readonly Observation[] => {
  const known = all.flatMap(({ alias, seen, clock: { offsetMs: offset, withinMs: within = 0 } }) =>
    offset === undefined ? [] : [{ alias, seen, offset, least: offset - within, most: offset + within }],
  )
  const first = known.toSorted((a, b) => a.most - b.most)[0]
  const last = known.toSorted((a, b) => b.least - a.least)[0]
  if (!first || !last) return []
  // What the time of asking may explain is no difference of clocks.
  if (last.least - first.most > clockSpreadMs)
    return [
      wrong(
        `The clocks of ${first.alias} and ${last.alias} are ${milliseconds(last.offset - first.offset)} apart`,
        onNode(last.alias, sh`timedatectl`, last.seen),
      ),
    ]
  const middle = (first.offset + last.offset) / 2
  const within = Math.max(first.most - first.offset, last.most - last.offset)
  return Math.abs(middle) - within > ownClockMs
    ? [warning(`This machine's clock is ${milliseconds(Math.abs(middle))} ${middle > 0 ? 'behind' : 'ahead of'} the nodes`)]
    : []
}

const versions = (all: readonly NodeFacts[]): readonly Observation[] => {
  const found = new Set(all.flatMap(({ k3sVersion }) => k3sVersion ?? []))
  return found.size > 1 ? [warning(`The nodes run different versions of k3s: ${[...found].sort().join(', ')}`)] : []
}

const elsewhere = (cluster: Cluster | undefined): readonly Observation[] =>
  cluster?.fellOver ? [warning(`The server of ${cluster.kubeconfig} does not answer: ${cluster.server} was asked instead`)] : []

/** What is wrong, worst first: a mapping that does not hold makes every other line doubtful, so it leads. */
export const nodeFindings = (survey: NodesSurvey, cluster?: Cluster): readonly Observation[] => {
  const all = factsOf(survey)
  const aliasOf = (name: string) => survey.expected.find(({ hostname }) => isOwnName(name, hostname))?.alias ?? name
  const found = [
    ...mapping(survey),
    ...unreached(survey),
    // That a silent node is NotReady was told with its silence.
    ...(survey.api.answered
      ? survey.api.value.flatMap((node) => inCluster(isSilent(survey, node) ? { ...node, ready: true } : node, aliasOf(node.name)))
      : []),
    ...all.flatMap(onHost),
    ...clocks(all),
    ...versions(all),
    ...elsewhere(cluster),
  ]
  return worstFirst(found)
}
