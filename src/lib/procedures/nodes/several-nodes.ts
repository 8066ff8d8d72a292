import { losses } from '../../facts/nodes/drain-forecast.ts'
import { aloneWithout, besideDrain } from '../edge/drain.ts'
import { takesAway } from './drain.ts'
import { isThrough, type RebootFacts } from './reboot-facts.ts'

/** Why one of them weighs more than a node does that is taken out of service. */
export const outlierAmong = (all: readonly RebootFacts[]): string | undefined =>
  all
    .filter((facts) => !isThrough(facts))
    .map(({ drain }) => takesAway(drain) ?? aloneWithout(drain.edge))
    .find((because) => because !== undefined)

/** Which machines, and which zone they are in. */
export const targetOf = (all: readonly RebootFacts[]): readonly string[] => [
  ...all.map(({ drain: { edge } }) => `${edge.node.alias} (${edge.node.hostname}) at ${edge.node.address}`),
  ...all.slice(0, 1).map(({ drain: { edge } }) => `zone ${edge.zone}${edge.account && ` of the account ${edge.account}`}`),
]

/** What ends, waits or is away meanwhile, each once; and of a run that has begun, what it goes on with. */
export const beyondOf = (all: readonly RebootFacts[]): readonly string[] => [
  ...new Set(
    all
      .filter((facts) => !isThrough(facts))
      .flatMap(({ drain }) => [...losses(drain.forecast, drain.world, drain.gently), ...besideDrain(drain.edge)]),
  ),
  ...all.flatMap((facts) => begunBefore(facts)),
]

const begunBefore = ({ begun, drain: { edge }, former: { cordoned, names } }: RebootFacts): readonly string[] =>
  begun
    ? [
        `A run before this one began with ${edge.node.alias}: it is brought back to how it was then, ${cordoned ? 'cordoned' : 'taking pods'} and ${names.length === 0 ? 'in no round robin' : `in that of ${names.join(', ')}`}`,
      ]
    : []
