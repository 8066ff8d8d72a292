import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { isUpToDate } from '../../facts/nodes/updates.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { isThrough, type RebootFacts } from './reboot-facts.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** Another boot than the one that was to end, or packages that are up to date; where it does not answer, with who still serves. */
export const through = async (facts: RebootFacts, look: Readers<Needs>): Promise<Finding> => {
  if (isThrough(facts)) return holds
  const { alias } = facts.drain.edge.node
  if (facts.updates !== undefined) {
    const found = await told(look.nodes.updates(alias))
    if ('value' in found) return isUpToDate(alias, found.value)
    return fails(`${alias} does not answer: ${found.because}; ${await stillServing(facts, look)}`, 'honeydue nodes:status')
  }
  const boot = await told(look.nodes.boot(alias))
  if ('because' in boot)
    return fails(`${alias} does not answer: ${boot.because}; ${await stillServing(facts, look)}`, 'honeydue nodes:status')
  // Without the boot that is to end, another one is told from it by nothing.
  if (facts.former.boot === '') return fails(`which boot ${alias} ran when this was planned is not known`, 'honeydue nodes:status')
  return boot.value.id === facts.former.boot ? fails(`${alias} has not booted anew yet`) : holds
}

const stillServing = async ({ drain: { edge, world } }: RebootFacts, look: Readers<'kube'>): Promise<string> => {
  const nodes = await told(look.kube.nodes())
  if ('because' in nodes) return `which nodes are left is not known: ${nodes.because}`
  const ready = apiNodes(nodes.value, []).filter(({ name, ready: is }) => is && name !== world.node.metadata.name)
  const aliases = ready.map(({ name }) => edge.deployment.nodes.find(({ hostname }) => hostname === name)?.alias ?? name)
  return aliases.length === 0 ? 'no other node is Ready' : `still serving: ${aliases.sort().join(', ')}`
}

/** What comes before the boot, or the update: over once that is, and from then on nothing to take back. */
export const beforeBoot = (facts: RebootFacts, step: Change<Needs>): Change<Needs> => {
  const { undo, undone } = step
  return {
    ...step,
    verify: async (look) => {
      const found = await step.verify(look)
      return found.ok || !(await through(facts, look)).ok ? found : holds
    },
    undo:
      typeof undo === 'function'
        ? async (write, look, signal) => {
            if (!(await through(facts, look)).ok) await undo(write, look, signal)
          }
        : undo,
    ...(undone && { undone: async (look) => ((await through(facts, look)).ok ? holds : undone(look)) }),
  }
}

/** What brings it back to how it was: not so before it has booted, whatever it looks like, and nothing to take back. */
export const afterBoot = (facts: RebootFacts, step: Omit<Change<Needs>, 'undo'>): Change<Needs> => ({
  ...step,
  verify: async (look) => {
    const found = await step.verify(look)
    return found.ok ? through(facts, look) : found
  },
  undo: async () => {},
  undone: async () => holds,
})
