export interface Random {
  /** From 0 up to, and without, 1. */
  next(): number
  pick<T>(...of: readonly T[]): T
  /** From 0 up to, and without, `below`. */
  below(below: number): number
}

/** mulberry32: the same numbers for the same seed. */
export function random(seed: number): Random {
  let a = seed
  const next = () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return { next, below, pick: (...of) => of[below(of.length)] as (typeof of)[number] }
}
