/** PostgreSQL's table lock modes that others feel, in the order of how much; weaker ones than these are "none". */
export const lockModes = [
  'none',
  'RowExclusive',
  'ShareUpdateExclusive',
  'Share',
  'ShareRowExclusive',
  'Exclusive',
  'AccessExclusive',
] as const
export type LockMode = (typeof lockModes)[number]

/** What one SQL statement does to others. */
export interface Effect {
  /** By table, its strongest; names without quotes and without `public.`. */
  readonly locks: ReadonlyMap<string, LockMode>
  /** A table's rows are written anew under its lock. */
  readonly rewrites: boolean
  /** Every row is read under the lock, to build or to prove something. */
  readonly scans: boolean
  /** Rows, columns or objects are gone or overwritten afterwards. */
  readonly destroys: boolean
  readonly concurrently: boolean
  /** PostgreSQL refuses it in a transaction, and beside other statements in one text (25001). */
  readonly alone: boolean
  /** Why it may do more than this. */
  readonly unknown: readonly string[]
}

const stronger = (one: LockMode, other: LockMode): LockMode => (lockModes.indexOf(one) >= lockModes.indexOf(other) ? one : other)

/** One effect of several. */
export const joined = (effects: readonly Partial<Effect>[]): Effect => {
  const locks = new Map<string, LockMode>()
  for (const effect of effects) for (const [table, mode] of effect.locks ?? []) locks.set(table, stronger(mode, locks.get(table) ?? 'none'))
  const any = (what: 'rewrites' | 'scans' | 'destroys' | 'concurrently' | 'alone') => effects.some((effect) => effect[what] === true)
  return {
    locks,
    rewrites: any('rewrites'),
    scans: any('scans'),
    destroys: any('destroys'),
    concurrently: any('concurrently'),
    alone: any('alone'),
    unknown: [...new Set(effects.flatMap(({ unknown = [] }) => unknown))],
  }
}

export const locking = (mode: LockMode, ...tables: readonly string[]): Partial<Effect> => ({
  locks: new Map(tables.filter((table) => table !== '').map((table) => [table, mode])),
})

export const unknown = (because: string): Partial<Effect> => ({ unknown: [because] })
