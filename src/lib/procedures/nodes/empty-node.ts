import { minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { ownerOf } from '../../facts/cluster/owner.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { forecastDrain, readDrainWorld } from '../../facts/nodes/drain-forecast.ts'
import { every, when } from '../../plan/finding.ts'
import type { Change, Proof } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { isDrained, isLeaving, isReady } from '../../pod-state.ts'
import type { Node, Pod } from '../../systems/kube/types.ts'
import { isOff, lastConnection, namesOf, takeOff } from '../edge/leave-round-robin.ts'
import { answerWithout, namesAnswer } from '../edge/round-robin-facts.ts'
import type { DrainFacts } from './drain-facts.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** The steps of a drain, from the round robin to the last pod. */
export const emptyNode = (facts: DrainFacts): readonly (Change<Needs> | Proof<Needs>)[] => [
  ...namesOf(facts.edge).map((name) => leave(facts, name)),
  ...lastConnection(facts.edge),
  cordon(facts),
  evict(facts),
  runsElsewhere(facts),
  namesAnswer(facts.edge, namesWithout(facts)),
]

/** What must answer customers while the node is empty: where Redis goes with it, nobody knows what the health endpoint says. */
const namesWithout = ({ edge, takesRedis }: DrainFacts): readonly string[] =>
  answerWithout(edge).filter((name) => !takesRedis || name !== new URL(edge.deployment.health).hostname)

/** While pods move, a name with one pod is away for a moment: from the cordon on, what holds of its records is enough. */
const leave = ({ edge, world }: DrainFacts, name: string): Change<Needs> => {
  const step = takeOff(edge, name)
  return {
    ...step,
    verify: async (look) => {
      const found = await step.verify(look)
      if (found.ok || !isCordoned(await look.kube.get('Node', world.node.metadata.name))) return found
      return isOff(edge, name, look.cloudflare)
    },
    undone: async (look) =>
      when(
        (await look.cloudflare.addresses([name])).some((record) => leadsToNode(edge.node, record)),
        `${name} does not lead to ${edge.node.alias}`,
      ),
  }
}

export const isCordoned = (node: Node | undefined): boolean => node?.spec.unschedulable === true

const cordon = ({ edge: { node }, world }: DrainFacts): Change<Needs> => {
  const name = world.node.metadata.name
  return {
    title: `Cordon ${node.alias}`,
    effect: [{ what: `node ${node.alias}`, before: 'takes pods', after: 'cordoned: takes none' }],
    apply: (write) => write.kube.setUnschedulable({ node: name, unschedulable: true }),
    verify: async (look) => when(isCordoned(await look.kube.get('Node', name)), `${node.alias} takes pods`),
    shows: (prove) => prove.kube.unschedulable({ node: name, unschedulable: true }),
    undo: (write) => write.kube.setUnschedulable({ node: name, unschedulable: false }),
    undone: async (look) => when(!isCordoned(await look.kube.get('Node', name)), `${node.alias} is cordoned`),
  }
}

/** Pods with the kinds of their owners, each once: "Deployment api". */
const named = (pods: readonly Pod[]): string => [...new Set(pods.map(ownerOf))].sort().join(', ')

const evict = (facts: DrainFacts): Change<Needs> => {
  const { edge, world, forecast, within, clock, gently } = facts
  const { node } = edge
  const name = world.node.metadata.name
  const moved = forecast.leaving.filter((pod) => !forecast.stays.some(({ owner }) => owner === ownerOf(pod)))
  const grace = Math.max(30, ...forecast.leaving.map(({ spec }) => spec.terminationGracePeriodSeconds ?? 30))
  return {
    title: `Move everything but daemons off ${node.alias}`,
    effect: [
      {
        what: `pods on ${node.alias}`,
        before: 'run there',
        after: 'run elsewhere',
        note: named(moved),
        count: moved.length,
      },
      ...forecast.stays.map(({ owner }) => ({
        what: owner,
        before: `runs on ${node.alias}`,
        after: `away until ${node.alias} takes pods again`,
      })),
    ],
    unknown: 'what the budgets allow by then is known only by trying',
    check: async (look) => forecastDrain(await readDrainWorld(look.kube, node, edge.deployment, clock.now())).mayBegin,
    apply: (write, signal) => write.kube.drain({ node: name, within, gently }, signal),
    verify: async (look) => {
      const left = (await look.kube.pods({ fields: `spec.nodeName=${name}` })).filter(isDrained)
      const many = `${counted(left.length, 'pod is', 'pods are')} on ${node.alias} still`
      return when(
        left.length === 0,
        `${many}: ${left.map((pod) => `${pod.metadata.name}${isLeaving(pod) ? ' (on its way out)' : ''}`).join(', ')}`,
      )
    },
    within: grace * 1000 + minutes(1),
    shows: (prove) => prove.kube.drained({ node: name, within: minutes(2) }),
    // What has moved may run where it is; what could not comes back by itself, once the node takes pods again.
    undo: { afterwards: async () => {} },
    undone: async (look) => {
      const pods = await look.kube.pods()
      return every(
        forecast.stays.map(({ owner }) =>
          when(
            pods.some((pod) => ownerOf(pod) === owner && isReady(pod)),
            `${owner} has no ready pod`,
          ),
        ),
      )
    },
  }
}

/** As many ready pods as before, on other nodes. */
const runsElsewhere = ({ edge, world, moving, patience }: DrainFacts): Proof<Needs> => ({
  title: `What left ${edge.node.alias} runs elsewhere`,
  onlyAfterwards: true,
  holds: async (look) => {
    const pods = (await look.kube.pods()).filter((pod) => isReady(pod) && pod.spec.nodeName !== world.node.metadata.name)
    return every(
      moving.map(({ owner, namespace, ready }) => {
        const there = pods.filter((pod) => pod.metadata.namespace === namespace && ownerOf(pod) === owner).length
        return when(there >= ready, `${owner} has ${there} of ${ready} pods ready on other nodes`)
      }),
    )
  },
  within: patience,
  shows: (prove) =>
    both(
      ...moving.flatMap(({ deployment }) =>
        deployment
          ? [
              prove.kube.rolledOut({
                namespace: deployment.metadata.namespace ?? '',
                name: deployment.metadata.name,
                within: patience,
              }),
            ]
          : [],
      ),
    ),
})
