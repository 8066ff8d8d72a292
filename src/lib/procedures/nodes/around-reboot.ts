import { told } from '../../facts/edge/survey.ts'
import { apiNodes } from '../../facts/nodes/api-nodes.ts'
import { isUpToDate } from '../../facts/nodes/updates.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import { afterTurn, beforeTurn } from './around-turn.ts'
import { isThrough, type RebootFacts, reportsRelease, runsRelease } from './reboot-facts.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

/** Another boot than the one that was to end, packages that are up to date, or the release of k3s; where it does not answer, with who still serves. */
export const through = async (facts: RebootFacts, look: Readers<Needs>): Promise<Finding> => {
  if (isThrough(facts)) return holds
  const { alias } = facts.drain.edge.node
  if (facts.upgrade !== undefined) {
    const { to } = facts.upgrade
    const node = await told(look.kube.get('Node', facts.drain.world.node.metadata.name))
    if ('because' in node) return fails(`no API server answers: ${node.because}`, 'honeydue cluster:etcd')
    const reported = reportsRelease(node.value, to)
    if (!reported.ok) return reported
    const installed = await told(look.nodes.k3sInstalled(alias, to))
    return 'value' in installed ? runsRelease(node.value, { to, installed }) : silent(facts, installed.because, look)
  }
  if (facts.updates !== undefined) {
    const found = await told(look.nodes.updates(alias))
    if ('value' in found) return isUpToDate(alias, found.value)
    return silent(facts, found.because, look)
  }
  const boot = await told(look.nodes.boot(alias))
  if ('because' in boot) return silent(facts, boot.because, look)
  // Without the boot that is to end, another one is told from it by nothing.
  if (facts.former.boot === '') return fails(`which boot ${alias} ran when this was planned is not known`, 'honeydue nodes:status')
  return boot.value.id === facts.former.boot ? fails(`${alias} has not booted anew yet`) : holds
}

/** It does not answer, with who still serves. */
const silent = async (facts: RebootFacts, because: string, look: Readers<'kube'>): Promise<Finding> =>
  fails(`${facts.drain.edge.node.alias} does not answer: ${because}; ${await stillServing(facts, look)}`, 'honeydue nodes:status')

/** What does not hold yet, or that it does not answer at all. */
export const orSilent = async (facts: RebootFacts, found: Finding, look: Readers<Needs>): Promise<Finding> => {
  const boot = found.ok ? undefined : await told(look.nodes.boot(facts.drain.edge.node.alias))
  return boot && 'because' in boot ? silent(facts, boot.because, look) : found
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
  const { undone } = step
  return {
    ...beforeTurn(step, (look) => through(facts, look)),
    ...(undone && { undone: async (look) => ((await through(facts, look)).ok ? holds : undone(look)) }),
  }
}

/** What brings it back to how it was: not so before it has booted, and nothing to take back. */
export const afterBoot = (facts: RebootFacts, step: Omit<Change<Needs>, 'undo'>): Change<Needs> =>
  afterTurn(step, (look) => through(facts, look))
