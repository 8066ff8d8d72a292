import { reasonOf } from '../../plan/errors.ts'
import type { NodeFacts } from '../../systems/nodes/types.ts'
import { bytes, milliseconds } from './quantities.ts'
import type { ApiNode, ExpectedNode, NodesSurvey } from './survey.ts'

/** kubelet starts to evict when less than 15 % (images) or 10 % (the rest) of the disk is free. */
const diskFree = 0.15
const memoryFree = 0.1
const loadPerCpu = 1.5
/** etcd warns of members whose clocks are a second apart; half of it leaves room to act. */
const clockSpreadMs = 500
/** The operator's own clock matters only for reading logs. */
const ownClockMs = 5000

const factsOf = ({ facts }: NodesSurvey): readonly NodeFacts[] =>
  [...facts.values()].flatMap((answer) => (answer.answered ? [answer.value] : []))

/** The alias's host says who it is, and the API says where that name lives: both must agree with the environment. */
const mapping = ({ expected, facts, api }: NodesSurvey): readonly string[] => {
  const hosts = expected.flatMap(({ alias, hostname }) => {
    const answer = facts.get(alias)
    return answer?.answered && answer.value.hostname !== hostname
      ? [`${alias} is ${answer.value.hostname || 'nameless'}, not ${hostname}`]
      : []
  })
  if (!api.answered) return hosts
  const byName = new Map(api.value.map((node) => [node.name, node]))
  const known = new Set(expected.map(({ hostname }) => hostname))
  const places = expected.flatMap(({ alias, address, hostname }) => {
    const node = byName.get(hostname)
    if (!node) return [`${hostname} (${alias}) is not a node of the cluster`]
    return node.addresses.includes(address)
      ? []
      : [`${hostname} (${alias}) has the addresses ${node.addresses.join(', ')} in the API, not ${address}`]
  })
  return [
    ...hosts,
    ...places,
    ...api.value.filter(({ name }) => !known.has(name)).map(({ name }) => `${name} is a node of the cluster that no alias names`),
  ]
}

const unreached = ({ expected, facts, api }: NodesSurvey): readonly string[] => [
  ...(api.answered ? [] : [`The Kubernetes API did not answer: ${reasonOf(api.error)}`]),
  ...expected.flatMap(({ alias }) => {
    const answer = facts.get(alias)
    return answer?.answered === false ? [`${alias} did not answer over SSH: ${reasonOf(answer.error)}`] : []
  }),
]

const inCluster = (node: ApiNode, expected: readonly ExpectedNode[]): readonly string[] => {
  const name = expected.find(({ hostname }) => hostname === node.name)?.alias ?? node.name
  return [
    ...(node.ready ? [] : [`${name} is NotReady`]),
    ...node.pressures.map((pressure) => `${name} reports ${pressure}`),
    ...(node.cordoned ? [`${name} is cordoned`] : []),
  ]
}

const onHost = (facts: NodeFacts): readonly string[] => {
  const { alias, memory, disk, load, cpus, firewall, k3sService, clock } = facts
  return [
    ...(k3sService === 'active' ? [] : [`k3s on ${alias} is ${k3sService ?? 'of unknown state'}`]),
    ...(disk && disk.availableBytes < disk.totalBytes * diskFree ? [`${alias} has ${bytes(disk.availableBytes)} of disk free`] : []),
    ...(memory && memory.availableBytes < memory.totalBytes * memoryFree
      ? [`${alias} has ${bytes(memory.availableBytes)} of memory free`]
      : []),
    ...(load && cpus && load[1] > cpus * loadPerCpu ? [`${alias} has a load of ${load[1]} on ${cpus} CPUs`] : []),
    ...('unknown' in firewall
      ? [`UFW on ${alias} cannot be read: ${firewall.unknown}`]
      : firewall.active
        ? []
        : [`UFW on ${alias} is inactive`]),
    ...(clock.synchronized === false ? [`The clock of ${alias} is not synchronized`] : []),
    ...(facts.rebootRequired ? [`${alias} is to be restarted (reboot-required)`] : []),
  ]
}

const clocks = (all: readonly NodeFacts[]): readonly string[] => {
  const known = all
    .flatMap(({ alias, clock }) => (clock.offsetMs === undefined ? [] : [{ alias, offset: clock.offsetMs }]))
    .sort((a, b) => a.offset - b.offset)
  const [first, last] = [known[0], known.at(-1)]
  if (!first || !last) return []
  const spread = last.offset - first.offset
  if (spread > clockSpreadMs) return [`The clocks of ${first.alias} and ${last.alias} are ${milliseconds(spread)} apart`]
  const middle = (first.offset + last.offset) / 2
  return Math.abs(middle) > ownClockMs
    ? [`This machine's clock is ${milliseconds(Math.abs(middle))} ${middle > 0 ? 'behind' : 'ahead of'} the nodes`]
    : []
}

const versions = (all: readonly NodeFacts[]): readonly string[] => {
  const found = new Set(all.flatMap(({ k3sVersion }) => k3sVersion ?? []))
  return found.size > 1 ? [`The nodes run different versions of k3s: ${[...found].sort().join(', ')}`] : []
}

/** What is wrong, worst first: a mapping that does not hold makes every other line doubtful, so it leads. */
export const nodeFindings = (survey: NodesSurvey): readonly string[] => {
  const all = factsOf(survey)
  return [
    ...mapping(survey),
    ...unreached(survey),
    ...(survey.api.answered ? survey.api.value.flatMap((node) => inCluster(node, survey.expected)) : []),
    ...all.flatMap(onHost),
    ...clocks(all),
    ...versions(all),
  ]
}
