import { patienceOf } from '../../patience.ts'
import type { Over } from './read-postgres.ts'
import { troubleOf } from './trouble.ts'
import type { PostgresTarget } from './types.ts'

/** Asks as `over` does, for one look, in so many ms for all its questions together; `drop` ends the connection that is silent then. */
export const patient = (over: Over, limitMs: number, drop: (target: PostgresTarget) => void): Over => {
  const patience = patienceOf(limitMs)
  return (target, use, how) =>
    patience.wait(() => over(target, use, how), {
      ended: () => troubleOf(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }), target, { timeout: limitMs }),
      drop: () => drop(target),
    })
}
