import type { Risk } from './procedure.ts'

/** One step of an effect that is a part of something. */
export interface Share {
  readonly what: string
  readonly count?: number
  readonly of?: number
}

const raised: Readonly<Record<Risk, Risk>> = { routine: 'disruptive', disruptive: 'irreversible', irreversible: 'irreversible' }

/** The risk one level higher: what was not asked is asked, what was asked is typed. */
export const raise = (risk: Risk): Risk => raised[risk]

/** Of few things, half is nothing to wonder at. */
const few = 10

/**
 * Why a plan is unusual: it acts on far more than any earlier run, or on more than half of the whole. Undefined where it is not.
 * `earlier`: on how many things each earlier run acted.
 */
export const outlierOf = (shares: readonly Share[], earlier: readonly number[]): string | undefined => {
  const now = shares.reduce((sum, { count = 0 }) => sum + count, 0)
  const most = Math.max(0, ...earlier)
  if (earlier.length > 0 && now > few && now > most * 3) return `it acts on ${now}, where earlier runs acted on ${most} at most`
  // Parts of one whole, a step each, count together.
  for (const { what, of = 0 } of shares) {
    const count = shares.reduce((sum, one) => (one.what === what && one.of === of ? sum + (one.count ?? 0) : sum), 0)
    if (of > few && count * 2 > of) return `it acts on ${count} of ${of}: ${what}`
  }
  return undefined
}
