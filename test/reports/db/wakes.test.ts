import { expect, test } from 'vitest'
import { wakes } from '../../../src/lib/facts/db/activity.ts'
import type { Choices, Input } from '../../../src/lib/plan/choice.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import { type AnyReport, reports } from '../../../src/lib/reports/index.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: true })
const { systems } = useSystems(sandbox)

test('every report that connects to the database says that it wakes a sleeping compute', async () => {
  const { environment } = sandbox()
  const all: readonly AnyReport[] = await Promise.all(Object.values(reports).map((load) => load()))
  const connecting = all.filter(({ needs }) => (needs as readonly string[]).includes('postgres'))
  expect(connecting.length).toBeGreaterThan(3)
  for (const { id, look, needs } of connecting) {
    const ask = look as (input: Input<Choices>, readers: unknown, context: unknown) => Promise<{ readonly notes?: readonly string[] }>
    expect([id, (await ask({ symptom: [] }, readersOf(systems(), needs), contextOf(environment))).notes]).toEqual([
      id,
      expect.arrayContaining([wakes]),
    ])
  }
}, 60_000)
