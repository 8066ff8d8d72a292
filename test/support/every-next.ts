import { expect } from 'vitest'
import { typedHere } from '../../src/lib/cli/here.ts'
import { viewHere } from '../../src/lib/cli/view-here.ts'
import { reasonOf, Trouble } from '../../src/lib/errors.ts'
import { reportReadersOf } from '../../src/lib/plan/plan.ts'
import { type AnyReport, reports } from '../../src/lib/reports/index.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'
import type { Systems } from '../../src/lib/systems/systems.ts'
import { contextOf } from './context.ts'
import { refused, refusedNow } from './typed.ts'

/** Every next line of every report, looked at as the deployment is now: it can be typed, is not refused there, and does not lead to production. */
export const everyNextHolds = async (sandbox: Sandbox, systems: Systems): Promise<void> => {
  const context = contextOf(sandbox.environment)
  const asked = Object.entries(reports).map(async ([id, load]) => {
    const report: AnyReport = await load()
    try {
      const view = await report.look({ all: false, symptom: [] } as never, reportReadersOf(systems, report.needs) as never, context)
      return { id, lines: viewHere(view, id, { env: 'sandbox' }).findings.flatMap(({ next }) => next ?? []) }
    } catch (error) {
      if (!(error instanceof Trouble)) throw new Error(`${id}: ${reasonOf(error)}`)
      return { id, lines: error.next === undefined ? [] : [typedHere(error.next, { env: 'sandbox' })] }
    }
  })
  const wrong: string[] = []
  // One line stands under many findings.
  const known = new Map<string, Promise<string | undefined>>()
  const now = (line: string) =>
    known.get(line) ?? known.set(line, refusedNow(line.replace(' --env sandbox', ''), systems, context)).get(line)
  for (const { id, lines } of await Promise.all(asked)) {
    for (const line of lines) {
      // What says why it is to be typed later is refused until then.
      const because = await (/ {2,}#/.test(line) ? refused(line) : now(line))
      if (because) wrong.push(`${id}: ${line}: ${because}`)
      if (line.startsWith('honeydue ') && !/ --env | (?:sandbox|runbook):/.test(line)) wrong.push(`${id}: ${line} leads to production`)
    }
  }
  expect(wrong).toEqual([])
}
