import { generateKeyPairSync } from 'node:crypto'
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apnsKey } from '../../../src/lib/apns-secret.ts'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { apns as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { contextOf } from '../../support/context.ts'
import { apnsAuthKey, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondApnsKey, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const input = { name: apnsKey, from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, source: true, pods: true, files: [] }
const planned = (more: object = {}, typed?: string) =>
  prepare(rotate, { ...input, ...more }, systems(), {
    ...contextOf(sandbox().environment),
    ...(typed !== undefined && { typed: new Secret(typed) }),
  })
const revoke = async () => sandbox().apns.keys.delete(facts.keyId)
const ran = (prepared: Awaited<ReturnType<typeof planned>>, settle: () => Promise<boolean> = revoke) =>
  perform(prepared, runOf(systems(), rotate.needs, { settle }))

test('APNs takes what it signs before anything changes, every pod gets it with its id, and the old one is seen to be dead', async () => {
  const from = secondApnsKey(sandbox())
  const { trouble, states } = await ran(await planned({ from }))
  expect([trouble, states.includes('settled')]).toEqual([undefined, true])
  expect(apnsAuthKey(sandbox())).toEqual(done)
  expect(await systems().apns.read.asked()).toEqual({ is: 'let in' })
})

test('the path is asked for where no file was named, and what is typed is that', async () => {
  const from = secondApnsKey(sandbox())
  const question = () => rotate.hidden?.(input, readersOf(systems(), rotate.needs), contextOf(sandbox().environment))
  expect(await question()).toMatch(/^The path of a file with the new apns_auth_key.p8/)
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-no-value' })
  expect((await ran(await planned({}, from))).trouble).toBeUndefined()
  expect([apnsAuthKey(sandbox()), await question()]).toEqual([done, undefined])
})

test('a key that APNs does not know, or that is another than its file says, is never begun with', async () => {
  const from = secondApnsKey(sandbox())
  sandbox().apns.keys.delete(facts.nextKeyId)
  expect((await planned({ from })).plan.blocked).toContainEqual(
    expect.stringMatching(/api.push.apple.com refuses the new apns_auth_key.p8: it answered InvalidProviderToken/),
  )
  sandbox().apns.keys.set(
    facts.nextKeyId,
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  expect((await planned({ from })).plan.blocked).toContainEqual(expect.stringMatching(/it answered InvalidProviderToken/))
  expect(apnsAuthKey(sandbox())).toMatchObject({ first: true, files: [] })
})

test('where APNs looks at the device first, what it says proves nothing', async () => {
  const from = secondApnsKey(sandbox())
  sandbox().apns.trouble = 'first the device'
  expect((await planned({ from })).plan.blocked).toContainEqual(
    expect.stringMatching(/does not say whether .*: it says the same to a key that nobody knows/),
  )
})

test('what is no key of Apple is refused for its form, and one under another name for its id', async () => {
  const from = secondApnsKey(sandbox())
  const [folder] = from.split(/\/[^/]*$/)
  const refused = (text: string) => {
    writeFileSync(from, text)
    return expect(planned({ from })).rejects
  }
  const pem = (type: 'pkcs8' | 'sec1', namedCurve: string) =>
    generateKeyPairSync('ec', { namedCurve }).privateKey.export({ type, format: 'pem' }).toString()
  await refused('no key at all').toMatchObject({ code: 'secrets-bad-value', likely: expect.stringMatching(/PKCS #8/) })
  await refused(pem('sec1', 'P-256')).toMatchObject({ code: 'secrets-bad-value' })
  await refused(pem('pkcs8', 'P-384')).toMatchObject({ likely: 'It is no EC P-256 key' })
  await refused(`${planted.nextApnsKey}\n${planted.nextApnsKey}`).toMatchObject({ code: 'secrets-bad-value' })
  // An editor of another system ends lines otherwise.
  writeFileSync(from, planted.nextApnsKey.replaceAll('\n', '\r\n'))
  expect((await planned({ from })).plan.blocked).toEqual([])
  const other = join(folder ?? '', 'new.p8')
  renameSync(from, other)
  await expect(planned({ from: other })).rejects.toMatchObject({ code: 'secrets-no-key-id' })
})

test('whoever says that the old one is revoked, where it is not, is told so, and all files stay', async () => {
  const prepared = await planned({ from: secondApnsKey(sandbox()) })
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  const { trouble } = await ran(patient, async () => true)
  expect(trouble?.failed).toMatch(/lets the old apns_auth_key.p8 in still/)
  expect(apnsAuthKey(sandbox())).toEqual({ ...done, files: ['new 600', 'old 600', 'new 600', 'old 600'] })
  // Neither the file nor its name is needed any more.
  expect((await ran(await planned())).trouble).toBeUndefined()
  expect(apnsAuthKey(sandbox())).toEqual(done)
})

test('taken back, every pod has the old one with its id again', async () => {
  const more = { from: secondApnsKey(sandbox()), 'keep-old': true }
  const prepared = await planned(more)
  const { states, trouble } = await ran(prepared)
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(more)).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(apnsAuthKey(sandbox())).toEqual({ ...done, first: true, second: false })
})

test('where the names of the ids are not known, that it is not proved is said, and typed before anything live changes', async () => {
  const { environment } = sandbox()
  const from = secondApnsKey(sandbox())
  const without = { ...environment, apns: { host: environment.apns.host, topicKey: environment.apns.topicKey } }
  const blind = {
    ...systems(),
    apns: {
      ...systems().apns,
      read: { ...systems().apns.read, lacking: () => 'apns.keyIdKey and apns.teamIdKey are not in the configuration' },
    },
  }
  const prepared = await prepare(rotate, { ...input, from }, blind, contextOf(without))
  expect(prepared.plan.beyond).toContainEqual(
    expect.stringMatching(/^Not proved by use.*apns.keyIdKey and apns.teamIdKey are not in the configuration/),
  )
  const asked: string[] = []
  const { trouble } = await perform(
    prepared,
    runOf(blind, rotate.needs, {
      settle: async ({ ask }: { readonly ask: string }) => {
        asked.push(ask)
        if (asked.length === 1) expect(apnsAuthKey(sandbox())).toMatchObject({ first: true, second: false })
        return true
      },
    }),
  )
  expect(trouble).toBeUndefined()
  expect(asked).toEqual([
    expect.stringMatching(/cannot be tried .* The new key has another id/),
    expect.stringMatching(/whether it is dead is not seen/),
  ])
  rmSync(from)
})
