import { test } from 'vitest'
import { full, useAttack } from './attack.ts'
import { attacked, everyProcedure } from './attacked.ts'
import { count } from './points.ts'

const { wires, survives, undisturbed, untilLines } = useAttack()

test.for(everyProcedure)('%s: every connection to one system is cut in mid-run', async (id, { task }) => {
  const { end, lines } = await undisturbed(id)
  const lost: string[] = []
  let tried = 0
  // Before the second it has not begun, after the last it is over.
  const moments = lines.map((_, i) => i + 1).slice(1, -1)
  for (const [turn, system] of attacked[id].systems.entries())
    for (const at of full ? moments : moments.slice((turn * 3) % moments.length).slice(0, 1)) {
      tried++
      const wrong = await survives(id, end, async (child) => {
        if (await untilLines(child, at)) wires()[system].cut()
      })
      if (wrong !== undefined) lost.push(`${id}, ${system} cut at line ${at} of the journal: ${wrong}`)
    }
  count(task.meta, { of: `${id}: all connections of one system cut in mid-run`, tried, lost })
})
