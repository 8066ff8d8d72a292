import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { count } from '../hostile/points.ts'
import { type CaseName, caseOf } from './cases.ts'
import { lost, pointsIn, preload, spread, useLane } from './lane.ts'

/** Of each procedure, where not all are tried. */
const most = 2

/** Killed before, in and after each line of its journal and each write, and run again: the same end, a free lease, a journal that can be read. */
export const killEach = (ids: readonly CaseName[]): void => {
  const { arrange, run, runAgain, wordsOf, worldOf, tidy, state } = useLane()
  const log = join(state, 'points')
  for (const id of ids)
    test(`${id}: killed at each point and run again, it comes to the same end`, async ({ task }) => {
      const one = caseOf(id)
      const words = await wordsOf(id, await arrange(one))
      rmSync(log, { force: true })
      const whole = await run(words, { NODE_OPTIONS: preload, POINTS_LOG: log })
      expect(whole.code, whole.said).toBe(0)
      const end = await worldOf(id)
      const { writes } = pointsIn(log)
      expect(writes.length).toBeGreaterThan(8)
      const missed: string[] = []
      let tried = 0
      for (const at of spread(
        writes.map((_, i) => i + 1),
        most,
        id,
      )) {
        let wrong: string | undefined = ''
        // A machine that is busy with something else answers too late: such a point says nothing yet, and is tried again.
        for (let left = 3; wrong !== undefined && left > 0; left--) {
          const values = await arrange(one)
          const line = await wordsOf(id, values)
          const first = await run(line, { NODE_OPTIONS: preload, POINTS_KILL: String(at) })
          // Waits are journaled as they come: a run with fewer of them ends before its number.
          if (!first.killed) {
            wrong = undefined
            break
          }
          const again = await runAgain(id, values, line)
          // A session that has ended is no session any more: what was to be done is done.
          const ended = again.code === 0 || (one.once === true && again.code === 3 && again.said.includes('has ended'))
          const what = `${id} killed ${writes[at - 1]}`
          const world = await worldOf(id)
          const good = ended && world === end && (again.code !== 0 || (await tidy(1)))
          const tooLate = again.code === 9 || again.killed
          if (good || !tooLate || left === 1) tried++
          wrong = good ? undefined : lost(`${what}: ${world === end ? '' : `${world} instead of ${end}`}`, first, again)
          if (!tooLate) break
        }
        if (wrong !== undefined) missed.push(wrong)
      }
      count(task.meta, { of: `${id}: killed, and run again`, tried, lost: missed })
    })
}
