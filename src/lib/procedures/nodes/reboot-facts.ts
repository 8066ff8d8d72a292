import type { Duration } from '../../clock.ts'
import { Usage } from '../../errors.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { type Told, told } from '../../facts/edge/survey.ts'
import { type BeforeReboot, beforeRebootOf, begunAs } from '../../facts/nodes/before-reboot.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { isUpToDate } from '../../facts/nodes/updates.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Node } from '../../systems/kube/types.ts'
import type { K3sInstalled } from '../../systems/nodes/k3s-release.ts'
import type { Boot } from '../../systems/nodes/types.ts'
import type { NodeUpdates } from '../../systems/nodes/updates.ts'
import type { Readers } from '../../systems/systems.ts'
import { type DrainFacts, gatherDrain } from './drain-facts.ts'
import { isCordoned } from './empty-node.ts'

/** One node that is to boot anew, with all that a drain of it needs. */
export interface RebootFacts {
  readonly drain: DrainFacts
  readonly boot: Told<Boot>
  /** What it is brought back to; its boot is '' where it could not be read. */
  readonly former: BeforeReboot
  /** A run before this one has begun it, and left its note. */
  readonly begun: boolean
  /** Where its packages are brought up to date as well: it is through once nothing of them is pending, and none asks for a boot. */
  readonly updates?: Told<NodeUpdates>
  /** Where k3s is brought to another release instead: it is through once its kubelet reports that one. */
  readonly upgrade?: { readonly to: string; readonly installed: Told<K3sInstalled> }
  /** A boot that is younger counts as this one. */
  readonly youngerThan: Duration
  /** What has begun with other nodes, and is no part of this plan: `a reboot of hetzner3`. */
  readonly beside: readonly string[]
}

interface RebootInput {
  readonly node: string | undefined
  readonly all: boolean
  readonly within: Duration
  readonly 'older-than': Duration
}

/** The nodes in the order in which they are rebooted: what was begun is ended first. Throws Usage where neither a node nor all of them are named. */
export const gatherReboot = async (
  input: RebootInput,
  look: Readers<'kube' | 'cloudflare' | 'nodes' | 'http'>,
  context: Pick<Context, 'environment' | 'clock'>,
): Promise<readonly RebootFacts[]> => {
  const { nodes } = context.environment
  if ((input.node !== undefined) === input.all)
    throw new Usage({
      code: 'which-node',
      failed: input.all ? 'Either one node is rebooted or all of them' : 'Which node is to be rebooted is not said',
      cause: `The environment has ${nodes.map(({ alias }) => alias).join(', ')}; --all reboots one after another`,
      next: 'honeydue nodes:status',
    })
  const aliases = input.node === undefined ? nodes.map(({ alias }) => alias) : [nodeNamed(context.environment, input.node).alias]
  const all = await Promise.all(aliases.map((alias) => gatherOne(alias, aliases, input, look, context)))
  return [...all].sort((one, other) => Number(other.begun) - Number(one.begun))
}

/** `planned`: the nodes that the plan goes on with. */
export const gatherOne = async (
  alias: string,
  planned: readonly string[],
  input: Pick<RebootInput, 'within' | 'older-than'>,
  look: Readers<'kube' | 'cloudflare' | 'nodes' | 'http'>,
  context: Pick<Context, 'environment' | 'clock'>,
): Promise<RebootFacts> => {
  const [drain, boot] = await Promise.all([gatherDrain(alias, input.within, look, context), told(look.nodes.boot(alias))])
  const { edge, world } = drain
  const noted = beforeRebootOf(world.node)
  const leading = edge.records.filter((record) => leadsToNode(edge.node, record) && record.proxied)
  return {
    drain,
    boot,
    former: noted ?? {
      cordoned: isCordoned(world.node),
      names: edge.names.filter((name) => leading.some((record) => record.name === name)),
      boot: 'value' in boot ? boot.value.id : '',
    },
    begun: noted !== undefined,
    youngerThan: input['older-than'],
    beside: context.environment.nodes
      .filter(({ alias: other }) => !planned.includes(other))
      .flatMap(({ alias: other, hostname }) => {
        const begun = world.nodes.flatMap((node) => (node.metadata.name === hostname ? (beforeRebootOf(node) ?? []) : []))
        return begun.map((before) => `${begunAs(before)} ${other}`)
      }),
  }
}

/** What it was taken out of service for is done: it has booted anew since the note was left, or within the time that is asked for; its packages are up to date; or it runs the release. */
export const isThrough = (facts: RebootFacts): boolean => {
  const { boot, begun, former, youngerThan, updates, upgrade } = facts
  if (upgrade !== undefined) return runsRelease(facts.drain.world.node, upgrade).ok
  if (updates !== undefined) return 'value' in updates && isUpToDate(facts.drain.edge.node.alias, updates.value).ok
  return hasBooted({ boot, begun, former, youngerThan })
}

/** Its kubelet reports it, and it is what starts again. */
export const runsRelease = (node: Node | undefined, { to, installed }: NonNullable<RebootFacts['upgrade']>): Finding => {
  if ('because' in installed) return fails(installed.because)
  const { version } = installed.value
  return every([
    when(version === to, `its program of k3s ${version === undefined ? 'says no version' : `is ${version}`}`),
    reportsRelease(node, to),
  ])
}

/** As its kubelet says. */
export const reportsRelease = (node: Node | undefined, to: string): Finding => {
  const { kubeletVersion } = node?.status.nodeInfo ?? {}
  return when(
    kubeletVersion === to,
    `${node?.metadata.name ?? 'what is no node any more'} reports ${kubeletVersion ?? 'no version'} of k3s`,
  )
}

const hasBooted = ({ boot, begun, former, youngerThan }: Pick<RebootFacts, 'boot' | 'begun' | 'former' | 'youngerThan'>): boolean =>
  'value' in boot && (begun ? former.boot !== '' && boot.value.id !== former.boot : boot.value.ageSeconds * 1000 < youngerThan)

/** It was told to, and does not answer yet. */
export const isBooting = ({ boot, begun }: RebootFacts): boolean => begun && 'because' in boot
