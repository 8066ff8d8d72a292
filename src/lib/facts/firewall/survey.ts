import type { Environment } from '../../environment/schema.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { got, type Told, told } from '../edge/survey.ts'
import { type Judged, judge } from './judge.ts'
import { type OtherList, otherLists } from './lists.ts'

export interface FirewallSurvey {
  readonly published: Told<PublishedRanges>
  /** By alias. */
  readonly nodes: ReadonlyMap<string, Told<Judged>>
  readonly lists: Told<readonly OtherList[]>
}

/** Reads the published ranges, every node's rules, and the other places that hold the list. */
export const surveyFirewalls = async (
  { nodes, namespace }: Pick<Environment, 'nodes' | 'namespace'>,
  look: Readers<'cloudflare' | 'nodes' | 'kube'>,
): Promise<FirewallSurvey> => {
  const [published, lists, ...firewalls] = await Promise.all([
    told(look.cloudflare.ranges()),
    told(otherLists(look.kube, namespace)),
    ...nodes.map(({ alias }) => told(look.nodes.firewall(alias))),
  ])
  const ranges = got(published) ?? { ipv4: [], ipv6: [] }
  const judged = nodes.map(({ alias }, i): [string, Told<Judged>] => {
    const firewall = firewalls[i] ?? { because: 'it was not asked' }
    return [alias, 'value' in firewall ? { value: judge(firewall.value, ranges) } : firewall]
  })
  return { published, lists, nodes: new Map(judged) }
}
