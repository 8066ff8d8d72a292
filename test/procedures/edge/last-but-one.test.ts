import { expect, test } from 'vitest'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { drain } from '../../../src/lib/procedures/edge/drain.ts'
import { nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { contextOf } from '../../support/context.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox, worlds } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const plan = async () => (await prepare(drain, { node: nodes[2].alias, within: 5000 }, systems(), contextOf(sandbox().environment))).plan

test('taking one of three nodes is asked, taking the last but one is typed, and says which name is left to whom', async () => {
  expect(await plan()).toMatchObject({ risk: 'disruptive' })
  await worlds['hetzner2 drained'](sandbox())
  const { risk, outlier, confirm } = await plan()
  expect(risk).toBe('irreversible')
  expect(outlier).toContain('api.myhoneydue.com then leads to hetzner1 alone')
  expect(confirm).toBe('sandbox/hetzner3')
})
