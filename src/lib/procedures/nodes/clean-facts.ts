import type { Told } from '../../facts/edge/survey.ts'
import type { Cleanable } from '../../facts/nodes/disk.ts'
import type { NodeLitter } from '../../systems/nodes/disk-types.ts'
import type { RoundRobinNode } from '../edge/round-robin-facts.ts'

/** What of one node's disk can go, as it was when the plan was made. */
export interface CleanFacts {
  readonly node: RoundRobinNode
  readonly litter: NodeLitter
  readonly found: Cleanable
  /** Images that a Deployment may be rolled back to. */
  readonly kept: Told<ReadonlySet<string>>
  readonly now: Date
}
