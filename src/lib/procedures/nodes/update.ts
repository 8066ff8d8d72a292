import { counted, few } from '../../counted.ts'
import { told } from '../../facts/edge/survey.ts'
import { losses } from '../../facts/nodes/drain-forecast.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { offerNodes } from '../../facts/nodes/offered.ts'
import { ofSecurity } from '../../facts/nodes/updates.ts'
import { argument, duration } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import { aloneWithout, besideDrain } from '../edge/drain.ts'
import { takesAway } from './drain.ts'
import { gatherOne, isThrough } from './reboot-facts.ts'
import { rebootNode } from './reboot-node.ts'
import { bringUpToDate, isThere, type UpdateFacts } from './update-steps.ts'

/** Brings a node's packages up to date while it is empty and out of the round robin, reboots it where they ask for that, and proves that it is back. k3s is none of them. */
export const update = defineProcedure({
  id: 'nodes:update',
  title: 'Update the packages of a node, with no request lost',
  needs: ['kube', 'cloudflare', 'nodes', 'http'],
  choices: {
    node: argument({ about: 'alias of the node, as nodes:status shows it', ask: 'Which node?' }),
    within: duration({ about: 'how long all evictions together may take', default: '10m' }),
  },
  offers: { node: offerNodes },
  risk: () => 'disruptive',
  gather: async ({ node, within }, look, context): Promise<UpdateFacts> => {
    const { alias } = nodeNamed(context.environment, node)
    const [facts, updates] = await Promise.all([
      gatherOne(alias, [alias], { within, 'older-than': 0 }, look, context),
      told(look.nodes.updates(alias)),
    ])
    const { former, begun } = facts
    return { ...facts, updates, former: begun ? former : { ...former, update: true } }
  },
  outlier: (facts) => (isThrough(facts) ? undefined : (takesAway(facts.drain) ?? aloneWithout(facts.drain.edge))),
  subject: ({ drain }) => drain.edge.node.alias,
  target: ({ drain: { edge } }) => [
    `${edge.node.alias} (${edge.node.hostname}) at ${edge.node.address}`,
    `zone ${edge.zone}${edge.account && ` of the account ${edge.account}`}`,
  ],
  beyond: (facts) => [
    `By the lists of packages that ${facts.drain.edge.node.alias} has now: what came later is not installed by this`,
    ...(isThrough(facts) ? [] : [...losses(facts.drain.forecast, facts.drain.world, facts.drain.gently), ...besideDrain(facts.drain.edge)]),
    ...(facts.begun ? [`A run before this one began with ${facts.drain.edge.node.alias}: it is brought back to how it was then`] : []),
    'k3s is no package of apt, and stays as it is',
  ],
  elsewhere: (facts) => leftBack(facts),
  came: (before, after) => updated(before, after),
  steps: (facts) =>
    isThrough(facts) && !facts.begun ? [bringUpToDate(facts)] : rebootNode(facts, { work: bringUpToDate(facts), awaited: isThere(facts) }),
})

const leftBack = ({ updates, drain }: UpdateFacts): readonly string[] =>
  'value' in updates && updates.value.keptBack.length > 0
    ? [
        `${counted(updates.value.keptBack.length, 'package stays', 'packages stay')} as apt keeps them back on ${drain.edge.node.alias}: ${few(updates.value.keptBack, 6)}`,
      ]
    : []

const updated = ({ updates: before, former, drain }: UpdateFacts, { updates: after, boot }: UpdateFacts): readonly string[] => {
  if (!('value' in before && 'value' in after) || !before.value.packages?.length || after.value.packages?.length !== 0) return []
  const { packages } = before.value
  const anew = 'value' in boot && former.boot !== '' && boot.value.id !== former.boot
  return [
    `${drain.edge.node.alias} has ${counted(packages.length, 'package')} updated, ${ofSecurity(packages).length} of security, and ${anew ? 'has booted anew' : 'no boot was asked for'}`,
  ]
}
