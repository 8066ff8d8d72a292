import type { LifecycleRule } from '../../systems/storage/types.ts'

/** What chapter 14 wants of what is uploaded and never attached: hidden after a week, gone a day later (1347ffa). */
export const wanted = { hidden: 7, gone: 1 } as const

/** What the rules that hold come to for one prefix: Backblaze gives one rule of its console back as several. */
export interface Fate {
  readonly hidden: number | undefined
  readonly gone: number | undefined
}

/** The rules that hold and reach what begins with this prefix, taken together; the soonest counts. */
export const fateOf = (rules: readonly LifecycleRule[], prefix: string): Fate => {
  const own = rules.filter((rule) => rule.enabled && prefix.startsWith(rule.prefix))
  const soonest = (days: readonly (number | undefined)[]): number | undefined => {
    const known = days.flatMap((one) => one ?? [])
    return known.length === 0 ? undefined : Math.min(...known)
  }
  return { hidden: soonest(own.map(({ expires }) => expires)), gone: soonest(own.map(({ noncurrent }) => noncurrent)) }
}

/** Rules that hide what is not below the prefix: what users keep. */
export const beyond = (rules: readonly LifecycleRule[], prefix: string): readonly LifecycleRule[] =>
  rules.filter((rule) => rule.enabled && rule.expires !== undefined && !rule.prefix.startsWith(prefix))
