import { losses } from '../../facts/nodes/drain-forecast.ts'
import { duration, optionalArgument, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { aloneWithout, besideDrain } from '../edge/drain.ts'
import { takesAway } from './drain.ts'
import { gatherReboot, isThrough, type RebootFacts } from './reboot-facts.ts'
import { rebootNode } from './reboot-node.ts'

/** Reboots nodes one after another, each empty and out of the round robin meanwhile, and proved to be back before the next one is touched. */
export const reboot = defineProcedure({
  id: 'nodes:reboot',
  title: 'Reboot a node, or one after another, with no request lost',
  needs: ['kube', 'cloudflare', 'nodes', 'http'],
  choices: {
    node: optionalArgument({ about: 'alias of the node, as nodes:status shows it' }),
    all: toggle({ about: 'every node, one after another' }),
    within: duration({ about: 'how long all evictions of a node together may take', default: '10m' }),
    'older-than': duration({ about: 'a node that has booted since counts as rebooted already', default: '1h' }),
  },
  risk: () => 'disruptive',
  gather: gatherReboot,
  outlier: (all) => firstOf(all, ({ drain }) => takesAway(drain) ?? aloneWithout(drain.edge)),
  subject: (all) => (all.length === 1 ? (all[0]?.drain.edge.node.alias ?? '') : 'all'),
  target: (all) => [
    ...all.map(({ drain: { edge } }) => `${edge.node.alias} (${edge.node.hostname}) at ${edge.node.address}`),
    ...all.slice(0, 1).map(({ drain: { edge } }) => `zone ${edge.zone}${edge.account && ` of the account ${edge.account}`}`),
  ],
  beyond: (all) => [
    ...new Set(
      all
        .filter((facts) => !isThrough(facts))
        .flatMap(({ drain }) => [...losses(drain.forecast, drain.world, drain.gently), ...besideDrain(drain.edge)]),
    ),
    ...all.flatMap((facts) => begunBefore(facts)),
  ],
  steps: (all) => all.flatMap((facts) => rebootNode(facts)),
})

const firstOf = (all: readonly RebootFacts[], why: (facts: RebootFacts) => string | undefined): string | undefined =>
  all
    .filter((facts) => !isThrough(facts))
    .map(why)
    .find((because) => because !== undefined)

const begunBefore = ({ begun, drain: { edge }, former: { cordoned, names } }: RebootFacts): readonly string[] =>
  begun
    ? [
        `A run before this one began with ${edge.node.alias}: it is brought back to how it was then, ${cordoned ? 'cordoned' : 'taking pods'} and ${names.length === 0 ? 'in no round robin' : `in that of ${names.join(', ')}`}`,
      ]
    : []
