import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { contextOf } from '../../support/context.ts'
import { fcmServerKey } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondFcmKey, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const planned = () =>
  prepare(
    rotate,
    { name: 'FCM_SERVER_KEY', from: secondFcmKey(sandbox()), soak: 0, 'keep-old': false, 'newer-than': 86_400_000 },
    systems(),
    contextOf(sandbox().environment),
  )
const first = { first: true, second: false, source: true, pods: true, files: [] }

test('that it is proved by nobody is said, and typed before it is put in use and when the old one is revoked', async () => {
  const prepared = await planned()
  expect(prepared.plan.beyond).toContainEqual(expect.stringMatching(/^Not proved by use, neither now nor at the end: Google has shut down/))
  expect(prepared.steps.flatMap((step) => ('ask' in step ? [step.typed] : []))).toEqual([true, true])
  const asked: string[] = []
  const settle = async ({ ask }: { readonly ask: string }) => {
    asked.push(ask)
    expect(fcmServerKey(sandbox())).toMatchObject(asked.length === 1 ? { first: true } : { second: true, pods: true })
    return true
  }
  const { trouble } = await perform(prepared, runOf(systems(), rotate.needs, { settle }))
  expect(trouble).toBeUndefined()
  expect(asked).toEqual([expect.stringMatching(/cannot be tried/), expect.stringMatching(/whether it is dead is not seen/)])
  expect(fcmServerKey(sandbox())).toEqual({ ...first, first: false, second: true })
})

test('whoever does not type it has changed nothing that is live', async () => {
  const { trouble } = await perform(await planned(), runOf(systems(), rotate.needs, { settle: async () => false }))
  expect(trouble?.exitCode).toBe(6)
  expect(fcmServerKey(sandbox())).toEqual({ ...first, files: ['new 600', 'old 600'] })
})
