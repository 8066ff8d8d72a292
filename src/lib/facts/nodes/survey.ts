import type { NodeFacts, NodesReader } from '../../systems/nodes/types.ts'
import { type Answer, answer } from '../answer.ts'

/** A machine as the environment names it. */
export interface ExpectedNode {
  readonly alias: string
  readonly address: string
  readonly hostname: string
}

/** A node as the Kubernetes API has it. */
export interface ApiNode {
  readonly name: string
  readonly addresses: readonly string[]
  readonly ready: boolean
  /** What is wrong by its conditions, beside Ready: "MemoryPressure", "not EtcdIsVoter" … */
  readonly conditions: readonly string[]
  /** Why it is not Ready, in the kubelet's or the node controller's words. */
  readonly because?: string
  readonly cordoned: boolean
  /** A reboot has begun with it, and is not at its end. */
  readonly rebooting: boolean
  /** It is nodes:update that has begun, or cluster:upgrade, to this release. */
  readonly updating?: true
  readonly upgrading?: string
  readonly kubeletVersion: string
  readonly pods: number
}

export interface NodesSurvey {
  readonly expected: readonly ExpectedNode[]
  readonly facts: ReadonlyMap<string, Answer<NodeFacts>>
  readonly api: Answer<readonly ApiNode[]>
}

/** Asks every node and the API at once; whoever does not answer costs its own timeout and nobody else's row. */
export const surveyNodes = async (
  expected: readonly ExpectedNode[],
  nodes: NodesReader,
  apiNodes: () => Promise<readonly ApiNode[]>,
): Promise<NodesSurvey> => {
  // The nodes first: theirs is the longer way, and what the API costs of this machine's time is hidden in the waiting for them.
  const facts = expected.map(({ alias }) => answer(nodes.facts(alias)))
  const [api, ...hosts] = await Promise.all([answer(nodes.underWay().then(apiNodes)), ...facts])
  return {
    expected,
    api,
    facts: new Map(expected.map(({ alias }, index) => [alias, hosts[index] ?? { answered: false, error: new Error('not asked') }])),
  }
}

/** True when neither a node nor the API answered: there is nothing to report. */
export const reachedNothing = ({ facts, api }: NodesSurvey): boolean =>
  !api.answered && [...facts.values()].every(({ answered }) => !answered)
