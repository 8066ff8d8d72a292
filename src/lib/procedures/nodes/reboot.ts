import { duration, optionalArgument, toggle } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { gatherReboot } from './reboot-facts.ts'
import { rebootNode } from './reboot-node.ts'
import { beyondOf, outlierAmong, targetOf } from './several-nodes.ts'

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
  outlier: outlierAmong,
  subject: (all) => (all.length === 1 ? (all[0]?.drain.edge.node.alias ?? '') : 'all'),
  target: targetOf,
  beyond: beyondOf,
  steps: (all) => all.flatMap((facts) => rebootNode(facts)),
})
