import { atMost, seconds } from '../../clock.ts'
import type { Environment } from '../../environment/schema.ts'
import type { Context } from '../../plan/context.ts'
import type { Offer } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { leadsToNode, roundRobinOf } from '../edge/round-robin.ts'
import { apiNodes } from './api-nodes.ts'

type Around = Pick<Context, 'environment' | 'clock'>

/** A list to choose from is worth no longer wait than this; what has not been said by then is left out. */
const patience = seconds(2)

/** The nodes to choose from, each with what the API says of it now; by their names alone where it says nothing in time. */
export const offerNodes = async (look: Pick<Readers<'kube'>, 'kube'>, { environment, clock }: Around): Promise<readonly Offer[]> => {
  const live = await atMost(
    clock,
    patience,
    look.kube.nodes().catch(() => undefined),
  )
  const known = live && apiNodes(live, [])
  return offered(environment, ({ hostname }) => {
    if (known === undefined) return 'its state is not known'
    const node = known.find(({ name }) => name === hostname)
    if (node === undefined) return 'not in the cluster'
    const unwell = [...(node.ready ? [] : ['not Ready']), ...(node.cordoned ? ['cordoned'] : []), ...node.conditions]
    return unwell.length > 0 ? unwell.join(', ') : 'Ready'
  })
}

/** The nodes to choose from, each with whether Cloudflare leads visitors to it now; by their names alone where that cannot be read in time. */
export const offerEdgeNodes = async (
  look: Pick<Readers<'cloudflare'>, 'cloudflare'>,
  { environment, clock }: Around,
): Promise<readonly Offer[]> => {
  const read = Promise.all([look.cloudflare.addresses(), look.cloudflare.aliases()]).catch(() => undefined)
  const live = await atMost(clock, patience, read)
  const robin = live && roundRobinOf(environment, live[0], live[1])
  return offered(environment, (node) => {
    if (live === undefined || robin === undefined) return 'its place in the round robin is not known'
    const leading = robin.names.filter((name) => live[0].some((record) => record.name === name && leadsToNode(node, record)))
    if (leading.length === 0) return 'out of the round robin'
    return leading.length === robin.names.length ? 'in the round robin' : `in the round robin of ${leading.join(', ')} alone`
  })
}

const offered = ({ nodes }: Pick<Environment, 'nodes'>, state: (node: Environment['nodes'][number]) => string): readonly Offer[] =>
  nodes.map((node) => ({ value: node.alias, about: `${state(node)}; ${node.hostname}, ${node.address}` }))
