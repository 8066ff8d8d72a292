import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { count } from '../hostile/points.ts'
import { cases, type Id } from './cases.ts'
import { lost, pointsIn, preload, spread, useLane } from './lane.ts'

const { arrange, run, wordsOf, worldOf, journals, tidy, state } = useLane()
const log = join(state, 'points')

test.each(['edge:drain', 'db:switch-host', 'deploy:scale'] as const satisfies readonly Id[])(
  '%s: taken back, killed at each point of that, and taken back again: the world is as before',
  async (id) => {
    const line = await wordsOf(id, await arrange(cases[id]))
    const before = comparable(await worldOf(id))
    const begin = async () => {
      expect((await run(line)).code).toBe(0)
      const [file = ''] = journals().map(({ name }) => name)
      return ['run:undo', file.replace('.jsonl', ''), ...line.filter((word, i) => word === '--confirm' || line[i - 1] === '--confirm')]
    }
    const undo = await begin()
    rmSync(log, { force: true })
    const whole = await run(undo, { NODE_OPTIONS: preload, POINTS_LOG: log })
    expect(whole.code, whole.said).toBe(0)
    expect(comparable(await worldOf(id))).toBe(before)
    const { writes } = pointsIn(log)
    const missed: string[] = []
    let tried = 0
    for (const at of spread(
      writes.map((_, i) => i + 1),
      3,
      id,
    )) {
      await arrange(cases[id])
      const again = await begin()
      const killed = await run(again, { NODE_OPTIONS: preload, POINTS_KILL: String(at) })
      if (!killed.killed) continue
      tried++
      const second = await run(again)
      // What was taken back wholly before the kill is said to be: 3, "took it back", or 8, it is not so any more.
      const over = second.code === 0 || second.code === 3 || second.code === 8
      const world = comparable(await worldOf(id))
      if (!over || world !== before) missed.push(lost(`undo of ${id} killed ${writes[at - 1]}: ${world}`, killed, second))
      else if (second.code === 0 && !(await tidy(2))) missed.push(lost(`undo of ${id} killed ${writes[at - 1]}: not tidy`, killed, second))
    }
    points.tried += tried
    points.lost.push(...missed)
  },
)

const points = { tried: 0, lost: [] as string[] }

/** Pods are new ones after a way there and back. */
const comparable = (world: string): string => world.replace(/"young":\d+/g, '"young":0')

test('what was lost in taking back', ({ task }) => {
  count(task.meta, { of: 'killed while taking back, and taken back again', ...points })
})
