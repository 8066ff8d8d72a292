import { writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { storage } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { contextOf } from '../../support/context.ts'
import { storageKey, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondStorageKey, storageNames, useSandbox } from '../../support/worlds.ts'

const plain = useSandbox()
const sandbox = () => {
  const one = plain()
  return { ...one, environment: { ...one.environment, storage: { ...one.environment.storage, ...storageNames } } }
}
const { systems } = useSystems(sandbox)
const input = { name: 'STORAGE_KEY', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, source: true, opens: true, files: [] }
const planned = (more: object = {}, typed?: string) =>
  prepare(rotate, { ...input, ...more }, systems(), {
    ...contextOf(sandbox().environment),
    ...(typed !== undefined && { typed: new Secret(typed) }),
  })
const revoke = async () => {
  Object.assign(plain().storage, { id: storage.nextId, key: planted.nextStorageKey })
  plain().storage.beside.clear()
  return true
}
const ran = (prepared: Awaited<ReturnType<typeof planned>>, settle: () => Promise<boolean> = revoke) =>
  perform(prepared, runOf(systems(), rotate.needs, { settle }))

test('a signed request is let in before anything changes, both halves change in one write, and the old key is seen to be dead', async () => {
  const from = secondStorageKey(plain())
  const { trouble } = await ran(await planned({ from }))
  expect([trouble, storageKey(plain())]).toEqual([undefined, done])
  expect(await systems().storage.read.letsIn()).toEqual({ is: 'let in' })
})

test('typed unseen, both halves stand in one line', async () => {
  secondStorageKey(plain())
  await expect(planned({}, planted.nextStorageKey)).rejects.toMatchObject({ code: 'secrets-no-key-id' })
  expect((await ran(await planned({}, `${storage.nextId}:${planted.nextStorageKey}`))).trouble).toBeUndefined()
  expect(storageKey(plain())).toEqual(done)
})

test('whoever says that the old one is revoked, where it is not, is told so, and the same command goes on without the file', async () => {
  const from = secondStorageKey(plain())
  const prepared = await planned({ from })
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  expect((await ran(patient, async () => true)).trouble?.failed).toMatch(/lets the old STORAGE_KEY in still/)
  expect(storageKey(plain())).toEqual({ ...done, files: ['new 600', 'old 600', 'new 600', 'old 600'] })
  writeFileSync(from, '')
  await revoke()
  expect((await ran(await planned())).trouble).toBeUndefined()
  expect(storageKey(plain())).toEqual(done)
})

test('taken back, both halves are the old ones again', async () => {
  const more = { from: secondStorageKey(plain()), 'keep-old': true }
  const prepared = await planned(more)
  const { states, trouble } = await ran(prepared)
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(more)).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(storageKey(plain())).toEqual({ ...done, first: true, second: false })
})

test('where no name of it is known, it is refused', async () => {
  const context = contextOf(plain().environment)
  await expect(prepare(rotate, input, systems(), context)).rejects.toMatchObject({ code: 'secrets-no-names' })
})
