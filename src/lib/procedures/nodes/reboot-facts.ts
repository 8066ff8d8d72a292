import type { Duration } from '../../clock.ts'
import { Usage } from '../../errors.ts'
import { leadsToNode } from '../../facts/edge/round-robin.ts'
import { type Told, told } from '../../facts/edge/survey.ts'
import { type BeforeReboot, beforeRebootOf } from '../../facts/nodes/before-reboot.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { isUpToDate } from '../../facts/nodes/updates.ts'
import type { Context } from '../../plan/context.ts'
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
  /** A boot that is younger counts as this one. */
  readonly youngerThan: Duration
  /** Other nodes that a reboot has begun with, and that this plan does not go on with. */
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
      .filter(({ hostname }) => world.nodes.some((node) => node.metadata.name === hostname && beforeRebootOf(node) !== undefined))
      .map(({ alias: other }) => other),
  }
}

/** What it was taken out of service for is done: it has booted anew since the note was left, or within the time that is asked for; or its packages are up to date. */
export const isThrough = (facts: RebootFacts): boolean => {
  const { boot, begun, former, youngerThan, updates } = facts
  if (updates !== undefined) return 'value' in updates && isUpToDate(facts.drain.edge.node.alias, updates.value).ok
  return hasBooted({ boot, begun, former, youngerThan })
}

const hasBooted = ({ boot, begun, former, youngerThan }: Pick<RebootFacts, 'boot' | 'begun' | 'former' | 'youngerThan'>): boolean =>
  'value' in boot && (begun ? former.boot !== '' && boot.value.id !== former.boot : boot.value.ageSeconds * 1000 < youngerThan)

/** It was told to, and does not answer yet. */
export const isBooting = ({ boot, begun }: RebootFacts): boolean => begun && 'because' in boot
