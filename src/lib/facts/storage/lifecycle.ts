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

/** The rules as they are to be: one of our own for the prefix, none that hides what users keep, and every other one as it stands. */
export const rightRules = (rules: readonly LifecycleRule[], prefix: string): readonly LifecycleRule[] => {
  const hiding = beyond(rules, prefix)
  // Backblaze gives a hide back with a rule beside it that removes its marks: alone it would be none.
  const besideThem = rules.filter(
    (rule) => rule.markers && rule.noncurrent === undefined && hiding.some((other) => other.prefix === rule.prefix),
  )
  const replaced = new Set([...rules.filter((rule) => rule.prefix === prefix), ...hiding, ...besideThem])
  const aborts = [...replaced].find((rule) => rule.prefix === prefix && rule.enabled && rule.abortsUploads !== undefined)?.abortsUploads
  const own: LifecycleRule = {
    prefix,
    enabled: true,
    expires: wanted.hidden,
    noncurrent: wanted.gone,
    markers: false,
    ...(aborts !== undefined && { abortsUploads: aborts }),
  }
  return [own, ...rules.filter((rule) => !replaced.has(rule))]
}

/** Elements that are understood here: a rule with another one may mean less, or more, than it seems to. */
const understood = new Set([
  ...['ID', 'Filter', 'Prefix', 'Status', 'Expiration', 'Days', 'ExpiredObjectDeleteMarker'],
  ...['NoncurrentVersionExpiration', 'NoncurrentDays', 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation'],
])

/** The rules that would go, and say something that is not understood here. */
export const notUnderstood = (rules: readonly LifecycleRule[], prefix: string): readonly LifecycleRule[] => {
  const right = new Set(rightRules(rules, prefix))
  return rules.filter(
    (rule) => !right.has(rule) && [...(rule.text ?? '').matchAll(/<([A-Za-z]+)/g)].some(([, name = '']) => !understood.has(name)),
  )
}

/** They come to what chapter 14 wants, and hide nothing else. */
export const areRight = (rules: readonly LifecycleRule[], prefix: string): boolean => {
  const { hidden, gone } = fateOf(rules, prefix)
  return hidden === wanted.hidden && gone === wanted.gone && beyond(rules, prefix).length === 0
}
