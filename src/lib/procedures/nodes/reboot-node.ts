import { age } from '../../age.ts'
import { minutes } from '../../clock.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { beforeRebootOf, beforeRebootText, nothingBeside } from '../../facts/nodes/before-reboot.ts'
import { asRootOn } from '../../node-lines.ts'
import { beforeRebootNote } from '../../notes.ts'
import { every, type Finding, when } from '../../plan/finding.ts'
import { type Change, isChange, type Proof } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import { joinRoundRobin } from '../edge/join-round-robin.ts'
import { nodeIsWell } from '../edge/node-proofs.ts'
import { answerWith, namesAnswer, type RoundRobinFacts } from '../edge/round-robin-facts.ts'
import { afterBoot, beforeBoot, through } from './around-reboot.ts'
import { isBackInCluster } from './back-in-cluster.ts'
import { emptyNode, isCordoned } from './empty-node.ts'
import { isBooting, isThrough, type RebootFacts } from './reboot-facts.ts'
import { runAgain, type Waiting, waitingFor } from './run-again.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** How long a machine may take from the command until it answers again. */
export const bootPatience = minutes(10)

/** What is done to a node out of service, and the proof of it where a run before this one has told it to and it does not answer yet. */
export interface Work {
  readonly work: Change<Needs>
  readonly awaited: Proof<Needs>
}

/** The steps for one node, from its round robin out to its round robin in; of one that is on its way, what is left. */
export const rebootNode = (
  facts: RebootFacts,
  { work, awaited }: Work = { work: reboot(facts), awaited: boots(facts) },
): readonly (Change<Needs> | Proof<Needs>)[] => [
  ...(isThrough(facts) ? [] : isBooting(facts) ? [awaited] : [...outOfService(facts), work]),
  isBackInCluster(facts),
  ...backInService(facts),
]

const outOfService = (facts: RebootFacts): readonly (Change<Needs> | Proof<Needs>)[] => [
  beforeBoot(facts, note(facts)),
  ...emptyNode(facts.drain).map((step) => (isChange(step) ? beforeBoot(facts, step) : step)),
]

const target = ({ drain: { world } }: RebootFacts) => ({
  kind: 'Node' as const,
  name: world.node.metadata.name,
  annotation: beforeRebootNote,
})

const inWords = ({ former: { cordoned, names } }: RebootFacts): string =>
  `${cordoned ? 'cordoned' : 'takes pods'}, ${names.length === 0 ? 'in no round robin' : `in that of ${names.join(', ')}`}`

const note = (facts: RebootFacts): Change<Needs> => {
  const { name } = target(facts)
  const value = beforeRebootText(facts.former)
  return {
    title: `Note on ${facts.drain.edge.node.alias} how it is now`,
    effect: [{ what: `annotation ${beforeRebootNote}`, before: 'not there', after: inWords(facts) }],
    apply: (write) => write.kube.annotate({ ...target(facts), value }),
    verify: async (look) => {
      const node = await look.kube.get('Node', name)
      return when(node !== undefined && beforeRebootOf(node) !== undefined, `nothing is noted on ${name}`)
    },
    shows: (prove) => prove.kube.annotation({ ...target(facts), value }),
    undo: (write) => write.kube.annotate(target(facts)),
    undone: async (look) => noteIsGone(name, await look.kube.get('Node', name)),
  }
}

const noteIsGone = (name: string, node: Parameters<typeof beforeRebootOf>[0] | undefined) =>
  when(node?.metadata.annotations?.[beforeRebootNote] === undefined, `the note on ${name} is there still`)

const reboot = (facts: RebootFacts): Change<Needs> => {
  const { boot, youngerThan, drain } = facts
  const { alias } = drain.edge.node
  return {
    title: `Reboot ${alias}`,
    effect: [
      {
        what: `machine ${alias}`,
        before: 'in its present boot',
        after: 'booted anew',
        ...('value' in boot && { note: `up for ${age(boot.value.ageSeconds)}` }),
      },
    ],
    unknown: 'whether a machine comes back is known only by doing it',
    check: async () => mayReboot(facts),
    apply: (write) => write.nodes.reboot(alias),
    verify: (look) => through(facts, look),
    within: bootPatience,
    shows: (prove) => prove.nodes.booted(alias, { youngerThan, within: bootPatience }),
    undo: { impossible: 'a boot that has ended does not come back; what ran there has moved' },
  }
}

/** Who signs in may tell it to, and no other node is on its way. */
export const mayReboot = ({ boot, beside, drain }: RebootFacts): Finding => {
  const { alias } = drain.edge.node
  return every([
    when('value' in boot, `${alias} cannot be told to reboot: ${'because' in boot ? boot.because : ''}`, 'honeydue nodes:status'),
    when(
      !('value' in boot) || boot.value.refused === undefined,
      `who signs in to ${alias} may not reboot it: ${'value' in boot ? boot.value.refused : ''}`,
      asRootOn(alias, sh`systemctl reboot`, undefined, ['-t']),
    ),
    nothingBeside(beside),
  ])
}

/** A run before this one has told it to. */
const boots = (facts: RebootFacts): Proof<Needs> => ({
  title: `${facts.drain.edge.node.alias} has booted anew`,
  onlyAfterwards: true,
  holds: (look) => through(facts, look),
  within: bootPatience,
  shows: (prove) => prove.nodes.booted(facts.drain.edge.node.alias, { youngerThan: facts.youngerThan, within: bootPatience }),
})

const backInService = (facts: RebootFacts): readonly (Change<Needs> | Proof<Needs>)[] => {
  const { drain, former, begun } = facts
  if (isThrough(facts) && !begun) return []
  const { edge } = drain
  const out = withoutNode(edge)
  const well = nodeIsWell(edge).map((proof): Proof<Needs> => ({ ...proof, onlyAfterwards: true, within: minutes(5) }))
  return [
    ...(former.cordoned ? [] : [takesPods(facts), ...runAgain(waiting(facts))]),
    ...(former.names.length === 0 ? [] : well),
    ...joinRoundRobin(
      out,
      edge.names.filter((name) => former.names.includes(name)),
    ).map((step) => afterBoot(facts, step)),
    { ...namesAnswer(edge, answerWith(edge)), onlyAfterwards: true, within: minutes(2) },
    noted(facts),
  ]
}

/** The round robin as it is once the node has been taken out. */
const withoutNode = (edge: RoundRobinFacts): RoundRobinFacts => ({
  ...edge,
  records: edge.records.filter((record) => !(edge.names.includes(record.name) && leadsToNode(edge.node, record))),
})

const takesPods = (facts: RebootFacts): Change<Needs> => {
  const { node } = facts.drain.edge
  const { name } = target(facts)
  return afterBoot(facts, {
    title: `Let ${node.alias} take pods`,
    effect: [{ what: `node ${node.alias}`, before: 'cordoned: takes none', after: 'takes pods' }],
    apply: (write) => write.kube.setUnschedulable({ node: name, unschedulable: false }),
    verify: async (look) => when(!isCordoned(await look.kube.get('Node', name)), `${node.alias} is cordoned`),
    shows: (prove) => prove.kube.unschedulable({ node: name, unschedulable: false }),
  })
}

/** What no other node takes, and of a run that was begun what waits for one now. */
const waiting = ({ drain: { forecast, world }, begun }: RebootFacts): readonly Waiting[] => {
  const stays = forecast.leaving
    .filter((pod) => forecast.stays.some(({ owner }) => owner === ownerOf(pod)))
    .map((pod): Waiting => ({ owner: ownerOf(pod), namespace: pod.metadata.namespace ?? '' }))
  const all = [...stays, ...(begun ? waitingFor(world.pods) : [])]
  return [...new Map(all.map((one) => [`${one.namespace} ${one.owner}`, one])).values()]
}

const noted = (facts: RebootFacts): Change<Needs> => {
  const { name } = target(facts)
  return afterBoot(facts, {
    title: `Take the note off ${facts.drain.edge.node.alias}`,
    effect: [{ what: `annotation ${beforeRebootNote}`, before: 'how it was', after: 'not there' }],
    apply: (write) => write.kube.annotate(target(facts)),
    verify: async (look) => noteIsGone(name, await look.kube.get('Node', name)),
  })
}
