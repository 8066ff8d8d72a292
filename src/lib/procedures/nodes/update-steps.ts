import { minutes } from '../../clock.ts'
import type { Told } from '../../facts/edge/survey.ts'
import { mayUpdate, ofSecurity, securityFirst } from '../../facts/nodes/updates.ts'
import { every, fails, holds } from '../../plan/finding.ts'
import type { Change, Difference, Proof } from '../../plan/procedure.ts'
import type { NodeUpdates, PendingPackage } from '../../systems/nodes/updates.ts'
import { through } from './around-reboot.ts'
import { isThrough, type RebootFacts } from './reboot-facts.ts'
import { bootPatience, mayReboot } from './reboot-node.ts'

type Needs = 'kube' | 'cloudflare' | 'nodes' | 'http'

export interface UpdateFacts extends RebootFacts {
  readonly updates: Told<NodeUpdates>
}

/** Of those that are not of security so many are named; of the others their number is told. */
const named = 12

/** In one step: stopped between the two, the node is not done, and the same words go on. */
export const bringUpToDate = (facts: UpdateFacts): Change<Needs> => {
  const { updates, drain } = facts
  const { alias } = drain.edge.node
  return {
    title: `Update the packages of ${alias}, and reboot it if asked to`,
    effect: 'value' in updates ? effectOf(alias, updates.value) : [],
    unknown: 'what the packages ask for, and whether the machine comes back, is known only by doing it',
    check: async () =>
      every([
        'value' in updates
          ? mayUpdate(alias, updates.value)
          : fails(`${alias} does not answer: ${updates.because}`, 'honeydue nodes:status'),
        isThrough(facts) ? holds : mayReboot(facts),
      ]),
    apply: async (write) => {
      await write.nodes.updatePackages(alias)
      await write.nodes.rebootWhereAsked(alias)
    },
    verify: (look) => through(facts, look),
    within: bootPatience,
    shows: (prove) => prove.nodes.upToDate(alias, bootPatience),
    undo: { impossible: 'apt brings no package back to the version before; a boot that has ended does not come back' },
  }
}

const effectOf = (alias: string, { packages = [], rebootRequired }: NodeUpdates): readonly Difference[] => {
  const all = securityFirst(packages)
  const most = Math.max(named, ofSecurity(packages).length)
  const more = all.slice(most)
  return [
    ...all.slice(0, most).map(ofPackage),
    ...(more.length === 0
      ? []
      : [
          {
            what: 'other packages',
            before: 'pending',
            after: 'up to date',
            count: more.length,
            note: more.map(({ name }) => name).join(', '),
          },
        ]),
    {
      what: `machine ${alias}`,
      before: 'in its present boot',
      after: rebootRequired ? 'booted anew' : 'booted anew where a package asks for it',
    },
  ]
}

const ofPackage = ({ name, from, to, security }: PendingPackage): Difference => ({
  what: `${name}${security ? ' (security)' : ''}`,
  before: from ?? 'not installed',
  after: to,
})

/** A run before this one has told it to reboot, and it does not answer yet. */
export const isThere = (facts: UpdateFacts): Proof<Needs> => ({
  title: `${facts.drain.edge.node.alias} answers, and its packages are up to date`,
  onlyAfterwards: true,
  holds: (look) => through(facts, look),
  within: bootPatience + minutes(1),
  shows: (prove) => prove.nodes.upToDate(facts.drain.edge.node.alias, bootPatience),
})
