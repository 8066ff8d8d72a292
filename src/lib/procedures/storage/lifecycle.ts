import { counted } from '../../counted.ts'
import { Blocked } from '../../errors.ts'
import { areRight, beyond, fateOf, notUnderstood, rightRules, wanted } from '../../facts/storage/lifecycle.ts'
import { when } from '../../plan/finding.ts'
import { type Change, type Difference, defineProcedure } from '../../plan/procedure.ts'
import type { LifecycleRule, Listing } from '../../systems/storage/types.ts'

interface LifecycleFacts {
  readonly bucket: string
  readonly endpoint: string
  readonly prefix: string
  readonly rules: readonly LifecycleRule[]
  readonly listing: Listing
  /** Objects under the prefix that the rules hide at their next round. */
  readonly old: number
}

const day = 86_400_000

/** Sets what chapter 14 wants for what is uploaded and never attached. Rules that have nothing to do with it stay as they are. */
export const lifecycle = defineProcedure({
  id: 'storage:lifecycle',
  title: "Put the bucket's lifecycle rules right",
  needs: ['storage'],
  choices: {},
  // The rules can be put back; what they have deleted by then cannot.
  risk: () => 'irreversible',
  gather: async (_, { storage }, { environment, clock }): Promise<LifecycleFacts> => {
    const { bucket, endpoint, prefix } = environment.storage
    const lacking = await storage.lacking()
    if (lacking !== undefined)
      throw new Blocked({
        code: 'storage-no-key',
        failed: 'The storage cannot be asked',
        cause: lacking,
        next: 'honeydue config:explain',
      })
    const [rules, listing] = await Promise.all([storage.lifecycle(), storage.list(prefix)])
    const old = listing.objects.filter(({ modified }) => clock.now().getTime() - modified.getTime() > wanted.hidden * day).length
    return { bucket, endpoint, prefix, rules, listing, old }
  },
  subject: ({ bucket }) => bucket,
  target: ({ bucket, endpoint }) => [`${bucket} at ${endpoint}`],
  beyond: ({ rules, prefix }) => [
    'Backblaze carries rules out about once a day',
    ...rules
      .filter((rule) => rightRules(rules, prefix).includes(rule))
      .map((rule) => `The rule of ${placed(rule.prefix)} stays: ${said(rule)}`),
  ],
  steps: (facts) => [setRules(facts)],
})

const setRules = ({ bucket, prefix, rules, listing, old }: LifecycleFacts): Change<'storage'> => ({
  title: `Set the lifecycle rules of ${bucket}`.slice(0, 60),
  effect: [
    { what: `uploads that are never attached (${prefix})`, before: fate(rules, prefix), after: fate(rightRules(rules, prefix), prefix) },
    ...beyond(rules, prefix).map((rule): Difference => ({ what: `rule of ${placed(rule.prefix)}`, before: said(rule), after: 'gone' })),
    ...(old === 0
      ? []
      : [
          {
            what: `${counted(old, 'object')} under ${prefix} older than ${wanted.hidden} days`,
            before: 'there',
            after: `hidden, and deleted ${counted(wanted.gone, 'day')} later`,
            ...(listing.more && { note: `of the first ${listing.objects.length}` }),
          },
        ]),
  ],
  unknown: 'whether the key may set rules is known only by trying',
  check: async () => {
    const [strange] = notUnderstood(rules, prefix)
    return when(
      strange === undefined,
      `the rule of ${placed(strange?.prefix ?? '')} has conditions that are not known here: it is to be changed in Backblaze’s console`,
      'honeydue storage:status',
    )
  },
  apply: (write) => write.storage.setLifecycle({ from: rules, to: rightRules(rules, prefix) }),
  // By what they come to: Backblaze gives one rule back as several.
  verify: async ({ storage }) => {
    const now = await storage.lifecycle()
    return when(areRight(now, prefix), `what is uploaded to ${prefix} is ${fate(now, prefix)}`)
  },
  undo: async (write, { storage }) => write.storage.setLifecycle({ from: await storage.lifecycle(), to: rules }),
})

const placed = (prefix: string): string => (prefix === '' ? 'the whole bucket' : prefix)

const fate = (rules: readonly LifecycleRule[], prefix: string): string => {
  const { hidden, gone } = fateOf(rules, prefix)
  return `${hidden === undefined ? 'never hidden' : `hidden after ${counted(hidden, 'day')}`}, ${gone === undefined ? 'never deleted' : `deleted ${counted(gone, 'day')} later`}`
}

const said = ({ enabled, expires, noncurrent, abortsUploads, markers }: LifecycleRule): string => {
  const parts = [
    ...(expires === undefined ? [] : [`hides after ${counted(expires, 'day')}`]),
    ...(noncurrent === undefined ? [] : [`deletes what is hidden for ${counted(noncurrent, 'day')}`]),
    ...(abortsUploads === undefined ? [] : [`ends uploads in parts after ${counted(abortsUploads, 'day')}`]),
    ...(markers ? ['removes marks that hide nothing'] : []),
    ...(enabled ? [] : ['off']),
  ]
  return parts.join(', ') || 'does nothing that is known here'
}
