import type { TaskMeta } from 'vitest'

/** How many points of one class were tried, and which of them were lost: what was typed, and what was wrong with the answer. */
export interface Points {
  readonly of: string
  readonly tried: number
  /** How many there are; without it, as many as were tried. */
  readonly outOf?: number
  readonly lost: readonly string[]
  /** The longest that anybody waited, in ms. */
  readonly longest?: number
  /** How many answers were not good at once, and asked for again: each is one that a busy machine has made late. */
  readonly again?: number
}

declare module 'vitest' {
  interface TaskMeta {
    points?: Points
  }
}

/** `HOSTILE=full`: every point; otherwise some of each class, so that CI waits for it. */
export const full = process.env['HOSTILE'] === 'full'

/** Of a class's points those whose turn it is: each `every`-th, from another one on at each turn; all of them in the full lane. */
export const inTurn = <T>(all: readonly T[], every: number, turn = 0): readonly T[] =>
  full ? all : all.filter((_, i) => i % every === turn % every)

/** Notes the counts for the table, and fails where a point was lost. */
export const count = (meta: TaskMeta, points: Points): void => {
  meta.points = points
  if (points.tried === 0) throw new Error(`${points.of}: nothing was tried`)
  if (points.lost.length > 0) throw new Error(`${points.of}: ${points.lost.length} of ${points.tried} lost\n${points.lost.join('\n')}`)
}

/** Does them all, so many at a time, in order. */
export const allOf = async <T, R>(items: readonly T[], atOnce: number, each: (item: T) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = []
  let next = 0
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) results[i] = await each(items[i] as T)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
