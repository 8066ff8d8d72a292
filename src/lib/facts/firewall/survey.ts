import type { Environment } from '../../environment/schema.ts'
import type { PublishedRanges } from '../../systems/cloudflare/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { got, type Told, told } from '../edge/survey.ts'
import { allOf, type Judged, judge } from './judge.ts'
import { type OtherList, otherLists } from './lists.ts'

export interface FirewallSurvey {
  readonly published: Told<PublishedRanges>
  /** By alias. */
  readonly nodes: ReadonlyMap<string, Told<Judged>>
  readonly lists: Told<readonly OtherList[]>
}

const nothing: PublishedRanges = { ipv4: [], ipv6: [] }

/** Reads the published ranges, every node's rules, and the other places that hold the list. */
export const surveyFirewalls = async (
  deployment: Pick<Environment, 'nodes' | 'namespace'>,
  look: Readers<'cloudflare' | 'nodes' | 'kube'>,
): Promise<FirewallSurvey> => {
  const { nodes } = deployment
  const asked = told(look.cloudflare.ranges())
  const [published, lists, ...firewalls] = await Promise.all([
    asked,
    told(
      otherLists(
        look.kube,
        deployment,
        asked.then((found) => allOf(got(found) ?? nothing)),
      ),
    ),
    ...nodes.map(({ alias }) => told(look.nodes.firewall(alias))),
  ])
  const ranges = got(published) ?? nothing
  const judged = nodes.map(({ alias }, i): [string, Told<Judged>] => {
    const firewall = firewalls[i] ?? { because: 'it was not asked' }
    return [alias, 'value' in firewall ? { value: judge(firewall.value, ranges) } : firewall]
  })
  return { published, lists, nodes: new Map(judged) }
}
