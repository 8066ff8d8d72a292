import { minutes } from '../../clock.ts'
import { quorumOf, surveyEtcd } from '../../facts/cluster/etcd.ts'
import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { beforeReplaceOf } from '../../facts/nodes/before-replace.ts'
import { beforeReplaceNote, replacesNote } from '../../notes.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import type { Change, Gate, Proof, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import { joinRoundRobin } from '../edge/join-round-robin.ts'
import { leaveRoundRobin } from '../edge/leave-round-robin.ts'
import { nodeIsWell } from '../edge/node-proofs.ts'
import { answerWith, namesAnswer } from '../edge/round-robin-facts.ts'
import { afterIt, another, beforeIt, isMarked, isRemoved, markOf } from './around-replace.ts'
import { inCluster } from './in-cluster.ts'
import { mayGo } from './may-replace.ts'
import type { Needs, ReplaceFacts } from './replace-facts.ts'

/** From the shell line that a person types on the new machine until its kubelet reports. */
const joinPatience = minutes(10)

/** The steps from the machine that is gone to the one in its place; of one that is at its end, what proves that. */
export const replaceSteps = (facts: ReplaceFacts): readonly Step<Needs>[] => {
  if (facts.done) return [hasJoined(facts), marks(facts)]
  const { next, former, renamed } = facts
  const names = next.names.filter((name) => former.names.includes(name))
  return [
    notes(facts),
    ...leaveRoundRobin(facts.edge).map((step) => beforeIt(facts, step)),
    isGone(facts),
    removes(facts),
    ...letsIn(facts),
    ...(facts.provisioned ? [] : [isProvisioned(facts)]),
    hasJoined(facts),
    marks(facts),
    ...(names.length === 0 ? [] : nodeIsWell(next)).map((proof): Proof<Needs> => ({ ...proof, onlyAfterwards: true, within: minutes(5) })),
    ...joinRoundRobin(next, names).map((step) => afterIt(facts, step)),
    { ...namesAnswer(next, answerWith(next)), onlyAfterwards: true, within: minutes(2) },
    ...(renamed ? [isNamed(facts)] : []),
    notesOff(facts),
  ]
}

const keptOn = ({ keeper }: ReplaceFacts) => ({ kind: 'Node' as const, name: keeper, annotation: beforeReplaceNote })

const isNoted = async ({ keeper, former }: ReplaceFacts, { kube }: Readers<'kube'>): Promise<boolean> => {
  const node = await kube.get('Node', keeper)
  return node !== undefined && beforeReplaceOf(node)?.node === former.node
}

const notes = (facts: ReplaceFacts): Change<Needs> => {
  const { former, keeper, next } = facts
  const value = JSON.stringify(former)
  return beforeIt(facts, {
    title: `Note what ${next.node.alias} was like`,
    effect: [{ what: `annotation ${beforeReplaceNote} of ${keeper}`, before: 'not there', after: 'its address, names, labels and taints' }],
    check: (look) => mayGo(facts, look),
    apply: (write) => write.kube.annotate({ ...keptOn(facts), value }),
    verify: async (look) => when(await isNoted(facts, look), `nothing is noted on ${keeper}`),
    shows: (prove) => prove.kube.annotation({ ...keptOn(facts), value }),
    undo: (write) => write.kube.annotate(keptOn(facts)),
    undone: async (look) => when(!(await isNoted(facts, look)), `the note on ${keeper} is there still`),
  })
}

const isGone = (facts: ReplaceFacts): Gate<Needs> => {
  const { alias, hostname, address } = facts.edge.node
  return {
    title: `${alias} is gone for good`,
    ask: `Does the provider's console show that the server ${hostname} at ${address} is deleted, or that it is off and stays off?`,
    typed: true,
    needless: (look) => isRemoved(facts, look),
  }
}

const removes = (facts: ReplaceFacts): Change<Needs> => {
  const { former, next, others } = facts
  const { alias } = next.node
  return {
    title: `Take ${alias} out of the cluster, and of etcd`,
    effect: [
      { what: `Node ${former.node}`, before: 'there, NotReady', after: 'gone' },
      { what: `etcd, member of ${alias}`, before: 'counted', after: 'gone' },
    ],
    check: (look) => mayGo(facts, look),
    apply: (write) => write.kube.removeNode({ node: former.node, uid: former.uid }),
    verify: async (look) => {
      const removed = await isRemoved(facts, look)
      if (!removed.ok || (await another(facts, look)) !== undefined) return removed
      const unseen = quorumOf(await surveyEtcd(others, look.nodes))?.unseen
      return when(unseen?.length === 0, `etcd counts a member still that is on none of ${others.join(', ')}`, 'honeydue cluster:etcd')
    },
    within: minutes(1),
    shows: (prove) => prove.kube.another({ kind: 'Node', name: former.node, uid: former.uid }),
    undo: { impossible: 'a Node and its member of etcd come back by a machine that joins, and by nothing else' },
  }
}

/** Whoever has the former address by now is let in by what names it. */
const letsIn = ({ letIn, edge, next }: ReplaceFacts): readonly Gate<Needs>[] =>
  letIn.length === 0
    ? []
    : [
        {
          title: `What let ${edge.node.address} in lets ${next.node.address} in`,
          ask: `Is it changed, and in the checkout's manifests too: ${letIn.join('; ')}?`,
        },
      ]

const isProvisioned = (facts: ReplaceFacts): Gate<Needs> => {
  const { alias, hostname, address } = facts.next.node
  return {
    title: `A new ${alias} is provisioned and has joined`,
    ask: `Is a new server made whose host name is ${hostname} and whose address is ${address}; is it provisioned (01-provision-cluster.sh of the checkout; its options are in no book) and k3s on it told to join another server with the servers' token; does "ssh ${alias}" lead to it, and is its host key in known_hosts the one that its console shows (the line of before taken out: ${sh`ssh-keygen -R ${facts.edge.node.address}`})?`,
    needless: async (look) => {
      const node = await another(facts, look)
      const there = node !== undefined && apiNodes([node], [])[0]?.ready === true
      return when(there && 'value' in (await told(look.nodes.boot(alias))), `no new ${alias} answers`)
    },
  }
}

const hasJoined = (facts: ReplaceFacts): Proof<Needs> => {
  const { former, next } = facts
  const { alias } = next.node
  return {
    title: `A new ${alias} has joined: k3s active, Ready, its daemons too`,
    onlyAfterwards: true,
    holds: async (look) => {
      const node = await another(facts, look)
      if (node === undefined) return fails(`no new ${former.node} is a node of the cluster`)
      const addresses = (node.status.addresses ?? []).map((one) => one.address)
      return every([
        when(
          addresses.includes(next.node.address),
          `it has ${addresses.join(', ')} in the cluster, not ${next.node.address}: --address says where it is`,
        ),
        await inCluster(alias, former.node, look),
      ])
    },
    within: joinPatience,
    shows: (prove) => both(prove.nodes.k3sActive(alias, joinPatience), prove.kube.nodeReady({ node: former.node, within: joinPatience })),
  }
}

const marks = (facts: ReplaceFacts): Change<Needs> => {
  const { former, next } = facts
  const annotations = { [replacesNote]: markOf(facts) }
  const { labels, taints } = former
  const line = (what: string, after: string) => ({ what: `Node ${former.node}, ${what}`, before: 'as it joined', after })
  return {
    title: `Mark the new ${next.node.alias} as the old one was`,
    effect: [
      ...Object.entries(labels).map(([key, value]) => line(`label ${key}`, value)),
      ...taints.map(({ key, value, effect }) => line(`taint ${key}`, `${value === undefined ? '' : `${value}, `}${effect}`)),
      line(`annotation ${replacesNote}`, 'which one it replaces'),
    ],
    unknown: 'its Node is there only once it has joined',
    apply: (write) => write.kube.markNode({ node: former.node, labels, taints, annotations }),
    verify: (look) => isMarked(facts, look),
    shows: (prove) => prove.kube.annotation({ kind: 'Node', name: former.node, annotation: replacesNote, value: markOf(facts) }),
    undo: async () => {},
    undone: async () => holds,
  }
}

const isNamed = ({ next }: ReplaceFacts): Gate<Needs> => ({
  title: `The environment names the new ${next.node.alias}`,
  ask: `Does the environment's file have address: ${next.node.address} for ${next.node.alias} (honeydue config:explain shows which file it is), and its ipv6 where the names lead to the nodes by that too?`,
})

const notesOff = (facts: ReplaceFacts): Change<Needs> =>
  afterIt(facts, {
    title: 'Take the note off',
    effect: [{ what: `annotation ${beforeReplaceNote} of ${facts.keeper}`, before: 'what it was like', after: 'not there' }],
    apply: (write) => write.kube.annotate(keptOn(facts)),
    verify: async (look) => when(!(await isNoted(facts, look)), `the note on ${facts.keeper} is there still`),
  })
