import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { count } from '../hostile/points.ts'
import type { Ended } from '../support/attempts.ts'
import { type CaseName, caseOf } from './cases.ts'
import { full, lost, pointsIn, preload, spread, useLane } from './lane.ts'

/** Of each procedure, where not all are tried. */
const most = 2

/** Of one point: the same end; no such point, as a run waits more or less often; ended by a time limit, which says nothing yet; or what is wrong. */
type Met = 'held' | 'none' | { readonly late: boolean; readonly wrong: string }

/** A machine that is busy with something else answers too late: not seen to hold in time, a system that does not answer, a program that does not come on. */
const isLate = ({ code, late }: Ended): boolean => late || code === 5 || code === 9

/**
 * Each point by what it is and how often that came before: numbers are others where a run waits once more. Of two between which nothing is written,
 * after one line and before the next, the later one would find the same files and the same world, and is left out.
 */
const named = (writes: readonly string[]): readonly string[] =>
  writes
    .map((what, i) => `${writes.slice(0, i + 1).filter((one) => one === what).length} ${what}`)
    .filter((_, i) => !(writes[i]?.startsWith('before ') && writes[i - 1]?.startsWith('after ')))

/** Killed before, in and after each line of its journal and each write, and run again: the same end, a free lease, a journal that can be read. */
export const killEach = (ids: readonly CaseName[]): void => {
  // The lease of a process that has ended is taken over at once.
  const { arrange, run, runAgain, wordsOf, worldOf, tidy, state } = useLane({ lease: 30 })
  const log = join(state, 'points')

  const killAt = async (id: CaseName, point: string, end: string): Promise<Met> => {
    const one = caseOf(id)
    const values = await arrange(one)
    const line = await wordsOf(id, values)
    const first = await run(line, { NODE_OPTIONS: preload, POINTS_KILL: point })
    if (!first.killed) return first.code === 0 ? 'none' : { late: isLate(first), wrong: lost(`${id} before ${point}`, first) }
    const again = await runAgain(id, values, line)
    // A session that has ended is no session any more: what was to be done is done.
    const ended = again.code === 0 || (one.once === true && again.code === 3 && again.said.includes('has ended'))
    const world = await worldOf(id, end)
    if (ended && world === end && (again.code !== 0 || (await tidy(1)))) return 'held'
    return { late: isLate(again), wrong: lost(`${id} killed ${point}: ${world === end ? '' : `${world} instead of ${end}`}`, first, again) }
  }

  for (const id of ids)
    test(`${id}: killed at each point and run again, it comes to the same end`, async ({ task }) => {
      const words = await wordsOf(id, await arrange(caseOf(id)))
      rmSync(log, { force: true })
      const whole = await run(words, { NODE_OPTIONS: preload, POINTS_LOG: log })
      expect(whole.code, whole.said).toBe(0)
      const end = await worldOf(id)
      const { writes } = pointsIn(log)
      expect(writes.length).toBeGreaterThan(8)
      // Every seventh first, then those beside them: a lane that is ended early has tried places all over.
      const all = spread(named(writes), most, id)
      const points = Array.from({ length: 7 }, (_, turn) => all.filter((_, i) => i % 7 === turn)).flat()
      const missed: string[] = []
      let [tried, asked] = [0, 0]
      for (const point of points) {
        let met = await killAt(id, point, end)
        for (let left = 2; typeof met === 'object' && met.late && left > 0; left--) {
          asked++
          met = await killAt(id, point, end)
        }
        if (met !== 'none') tried++
        if (typeof met === 'object') missed.push(met.wrong)
        if (full && tried % 10 === 0) process.stdout.write(`${id}: ${tried} of ${points.length}, ${missed.length} lost\n`)
      }
      count(task.meta, { of: `${id}: killed, and run again`, tried, outOf: points.length, lost: missed, again: asked })
    })
}
