import { createHash } from 'node:crypto'
import { Moved } from '../errors.ts'
import { sh } from '../shell.ts'
import type { Plan, PlannedStep } from './planned.ts'

/** What a plan is, without what passes by itself (ages, times, notes): what is kept of it, and compared. */
export interface Identity {
  /** Deployment, procedure and subject. */
  readonly of: string
  /** Which cluster, database and nodes had answered. */
  readonly reached?: readonly string[]
  readonly steps: readonly StepIdentity[]
}

interface StepIdentity {
  readonly kind: PlannedStep['kind']
  readonly already: boolean
  /** Its title, then what it changes and how. */
  readonly lines: readonly string[]
  /** How many things it acts on, where it says so. */
  readonly count?: number
}

type Told = Pick<Plan, 'environment' | 'id' | 'subject' | 'steps' | 'reached'>

export const identityOf = ({ environment, id, subject, steps, reached = [] }: Told): Identity => ({
  of: `${environment}: ${id} ${subject}`,
  ...(reached.length > 0 && { reached: reached.toSorted() }),
  steps: steps.map(({ kind, already, title, effect, manual }) => {
    const counts = effect.flatMap(({ count }) => count ?? [])
    return {
      kind,
      already,
      lines: [title, ...effect.map(({ what, before, after }) => `${what}: ${before} → ${after}`), ...manual],
      ...(counts.length > 0 && { count: counts.reduce((sum, count) => sum + count, 0) }),
    }
  }),
})

const letters = '0123456789abcdefghjkmnpqrstvwxyz'

/** Eight letters and digits by which a plan is called. A count is part of it by its number of digits: a key more or less is the same plan. */
export const nameOf = (plan: Told): string => {
  const { of, steps, reached } = identityOf(plan)
  const said = JSON.stringify([
    of,
    ...(reached ? [reached] : []),
    ...steps.map(({ count, ...step }) => [step, count === undefined ? 0 : String(count).length]),
  ])
  return [...createHash('sha256').update(said).digest().subarray(0, 8)].map((byte) => letters[byte % 32]).join('')
}

/** Far more than was shown is another plan; a few more or less is the same one a moment later. */
const farMore = (now: number, before: number): boolean => now > Math.max(before * 2, before + 10)

const same = (one: StepIdentity, other: StepIdentity): boolean =>
  one.kind === other.kind && one.already === other.already && one.lines.join('\n') === other.lines.join('\n')

/**
 * What a plan would do now that the confirmed one did not say: `+` lines, and `-` lines that they stand in the place of. Empty where what is left
 * is a part of what was confirmed: a step that is done meanwhile (our own rollout, a Job that ended) is progress, and no other plan.
 */
export const differenceOf = (confirmed: Identity, now: Identity): readonly string[] => [
  ...othersOf(confirmed.reached, now.reached),
  ...otherSteps(confirmed, now),
]

const otherSteps = (confirmed: Identity, now: Identity): readonly string[] => {
  const come: string[] = []
  const met = new Set<StepIdentity>()
  let from = 0
  if (confirmed.of !== now.of) come.push(now.of)
  for (const step of now.steps) {
    const [title = ''] = step.lines
    const at = confirmed.steps.findIndex(
      (one, i) => i >= from && (step.already ? one.lines[0] === title && one.kind === step.kind : same(one, step)),
    )
    const found = confirmed.steps[at]
    if (found) {
      from = at + 1
      met.add(found)
      if (!step.already && found.count !== undefined && step.count !== undefined && farMore(step.count, found.count))
        come.push(`${title}: ${step.count}, where ${found.count} were shown`)
    } else if (!step.already) come.push(...step.lines)
  }
  // What only looks or asks may not fall away unseen: it is what made the rest safe, where there is a rest.
  const changes = now.steps.some(({ kind, already }) => kind === 'change' && !already)
  const gone = confirmed.steps.filter((step) => !met.has(step) && (come.length > 0 || (changes && step.kind !== 'change')) && !step.already)
  const lost = [...(confirmed.of === now.of ? [] : [confirmed.of]), ...gone.flatMap(({ lines }) => lines)]
  const [told, untold] = [lost.filter((line) => !come.includes(line)), come.filter((line) => !lost.includes(line))]
  // Where only the order is another one, nothing but the whole list tells it.
  const [minus, plus] = told.length + untold.length > 0 ? [told, untold] : [lost, come]
  return [...minus.map((line) => `- ${line}`), ...plus.map((line) => `+ ${line}`)]
}

/** What it is that answered: the cluster, the database, one node. */
const kindOf = (reached: string): string => /^(?:node \S+|\S+)/.exec(reached)?.[0] ?? ''

/** What answers where something else had: `-` and `+` lines. What has stopped answering, or had not been asked, is no other one. */
const othersOf = (before: readonly string[] = [], now: readonly string[] = []): readonly string[] => {
  const [gone, come] = [before.filter((one) => !now.includes(one)), now.filter((one) => !before.includes(one))]
  const meets = (others: readonly string[]) => (one: string) => others.some((other) => kindOf(other) === kindOf(one))
  return [...gone.filter(meets(come)).map((line) => `- ${line}`), ...come.filter(meets(gone)).map((line) => `+ ${line}`)]
}

/** Throws Moved when another cluster, database or node answers than the one that was confirmed. */
export const refuseOther = (before: Pick<Plan, 'reached'>, now: Pick<Plan, 'reached'>, next: string): void => {
  const details = othersOf(before.reached, now.reached)
  if (details.length === 0) return
  throw new Moved({
    code: 'another-target',
    failed: 'Something else answers than when the plan was confirmed',
    cause: 'A kubeconfig, a name or a route leads to another place now',
    next,
    details,
  })
}

/** Throws Moved with the difference when the world is no longer the one that was confirmed. */
export const refuseMoved = (confirmed: Plan, now: Plan, next = sh`honeydue ${now.id} --dry-run`): void => {
  refuseOther(confirmed, now, next)
  const details = differenceOf(identityOf(confirmed), identityOf(now))
  if (details.length === 0) return
  throw new Moved({
    code: 'world-moved',
    failed: 'The world moved since the plan was confirmed',
    cause: 'Somebody else, or a deploy, has changed something since the plan was made',
    next,
    details,
  })
}
