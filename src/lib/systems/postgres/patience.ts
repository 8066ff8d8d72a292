import type { Over } from './read-postgres.ts'
import { troubleOf } from './trouble.ts'
import type { PostgresTarget } from './types.ts'

/**
 * Asks as `over` does, for one look: what is waited for all its questions together is limited to so many ms. After that everything is given up,
 * and `drop` ends the connection: over a slow line one question after the other may come in time, and all of them never.
 */
export const patient = (over: Over, limitMs: number, drop: (target: PostgresTarget) => void): Over => {
  let waiting = 0
  let began = 0
  let spent = 0
  const left = (): number => limitMs - spent - (waiting > 0 ? performance.now() - began : 0)
  const begin = (): void => {
    if (waiting++ === 0) began = performance.now()
  }
  const end = (): void => {
    if (--waiting === 0) spent += performance.now() - began
  }
  return async (target, use, how) => {
    const silent = () => troubleOf(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }), target, { timeout: limitMs })
    if (left() <= 0) throw silent()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => {
        reject(silent())
        drop(target)
      }, left())
    })
    begin()
    try {
      return await Promise.race([over(target, use, how), late])
    } finally {
      clearTimeout(timer)
      end()
    }
  }
}
