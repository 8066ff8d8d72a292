import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { contextOf } from '../../support/context.ts'
import { liveValue, secretKey, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const input = { name: 'SECRET_KEY', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const planned = (more: object = {}) => prepare(rotate, { ...input, ...more }, systems(), contextOf(sandbox().environment))

test('how many tokens there are is said where the name is typed, before anything live changes; then every pod has the new key', async () => {
  const { postgres } = sandbox()
  await postgres.query('CREATE TABLE user_tokens (id int)')
  await postgres.query('INSERT INTO user_tokens SELECT generate_series(1, 37)')
  await postgres.query('ANALYZE user_tokens')
  const asked: string[] = []
  const before = liveValue(sandbox(), 'SECRET_KEY')
  const settle = async ({ ask, type = '' }: { readonly ask: string; readonly type?: string }) => {
    asked.push(type, ask)
    expect(secretKey(sandbox())).toMatchObject({ first: true, files: ['new 600', 'old 600'] })
    return true
  }
  const { trouble } = await perform(await planned(), runOf(systems(), rotate.needs, { settle }))
  expect([trouble, asked]).toEqual([undefined, ['sandbox/SECRET_KEY', expect.stringMatching(/user_tokens about 37/)]])
  expect(secretKey(sandbox())).toEqual({ first: false, source: true, pods: true, files: [] })
  expect(liveValue(sandbox(), 'SECRET_KEY')).not.toBe(before)
})

test('whoever does not type the name keeps every session', async () => {
  const { trouble } = await perform(await planned(), runOf(systems(), rotate.needs, { settle: async () => false }))
  expect(trouble?.failed).toMatch(/Type the name, for every session to end/)
  expect(secretKey(sandbox())).toMatchObject({ first: true, source: true, pods: true })
})

test('taken back, every pod has the old key again', async () => {
  const prepared = await planned({ 'keep-old': true })
  const { states, trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned({ 'keep-old': true })).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(secretKey(sandbox())).toEqual({ first: true, source: true, pods: true, files: [] })
})
