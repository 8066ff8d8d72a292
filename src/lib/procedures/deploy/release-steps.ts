import type { Finding } from '../../plan/finding.ts'
import type { Step } from '../../plan/procedure.ts'
import type { MoveFacts } from './image-facts.ts'
import { moveSteps } from './move-image.ts'
import { queueMoves } from './queue-moves.ts'
import { apiServes } from './serves.ts'

/** One workload after the other, each seen to do its work before the next: api serves, and the worker takes what is queued. */
export const releaseSteps = (facts: MoveFacts, check: () => Promise<Finding>): readonly Step<'kube' | 'redis' | 'http'>[] =>
  facts.targets.flatMap((target) => [
    ...moveSteps(target, check),
    ...(target.name === 'api' ? apiServes(facts) : []),
    ...(target.name === 'worker' ? queueMoves(target) : []),
  ])
