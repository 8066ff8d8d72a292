import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { contextOf } from '../../support/context.ts'
import { cloudflareApiToken, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondCloudflareToken, useSandbox } from '../../support/worlds.ts'

const plain = useSandbox()
let command: readonly string[] | undefined
/** The sandbox, whose token is printed by another command than cat. */
const sandbox = () => {
  const one = plain()
  const cloudflare = { ...one.environment.cloudflare, token_command: command ?? one.environment.cloudflare.token_command }
  return command ? { ...one, environment: { ...one.environment, cloudflare: cloudflare as typeof one.environment.cloudflare } } : one
}
const { systems, close } = useSystems(sandbox)
const input = { name: 'CLOUDFLARE_API_TOKEN', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, mode: '600', opens: true, files: [] }
const planned = (more: object = {}, typed?: string) =>
  prepare(rotate, { ...input, ...more }, systems(), {
    ...contextOf(sandbox().environment),
    ...(typed !== undefined && { typed: new Secret(typed) }),
  })
const revoke = async () => {
  plain().cloudflare.state.tokens.delete(planted.cloudflareToken)
  return true
}
const ran = (prepared: Awaited<ReturnType<typeof planned>>, settle: () => Promise<boolean> = revoke) =>
  perform(prepared, runOf(systems(), rotate.needs, { settle }))

afterEach(async () => {
  command = undefined
  await close()
})

test('it is tried before anything changes, its file is for its owner alone, and the old one is seen to be dead', async () => {
  const from = secondCloudflareToken(plain())
  chmodSync(join(plain().dir, 'cloudflare-token'), 0o644)
  const { trouble } = await ran(await planned({ from }))
  expect([trouble, cloudflareApiToken(plain())]).toEqual([undefined, done])
  expect(await systems().cloudflare.read.letsIn()).toEqual({ is: 'let in', lacks: [] })
})

test('typed unseen, it is the same', async () => {
  secondCloudflareToken(plain())
  expect((await ran(await planned({}, planted.nextCloudflareToken))).trouble).toBeUndefined()
  expect(cloudflareApiToken(plain())).toEqual(done)
})

test('whoever says that the old one is deleted, where it is not, is told so, and the same command goes on', async () => {
  const from = secondCloudflareToken(plain())
  const prepared = await planned({ from })
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  expect((await ran(patient, async () => true)).trouble?.failed).toMatch(/lets the old CLOUDFLARE_API_TOKEN in still/)
  expect(cloudflareApiToken(plain())).toEqual({ ...done, files: ['new 600', 'old 600'] })
  await revoke()
  expect((await ran(await planned())).trouble).toBeUndefined()
  expect(cloudflareApiToken(plain())).toEqual(done)
})

test('taken back, the old one stands in its file again', async () => {
  const more = { from: secondCloudflareToken(plain()), 'keep-old': true }
  const prepared = await planned(more)
  const { states, trouble } = await ran(prepared)
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(more)).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(cloudflareApiToken(plain())).toEqual({ ...done, first: true, second: false })
})

test('what a password manager prints is changed by a human, and asked again', async () => {
  const kept = join(plain().dir, 'cloudflare-token')
  command = ['head', '-n', '1', kept]
  const from = secondCloudflareToken(plain())
  const prepared = await planned({ from })
  const asked: string[] = []
  const { trouble } = await perform(
    prepared,
    runOf(systems(), rotate.needs, {
      settle: async ({ ask }: { readonly ask: string }) => {
        asked.push(ask)
        if (asked.length === 1)
          writeFileSync(kept, readFileSync(join(plain().environment.checkout, 'deploy-k3s/secrets/cloudflare_api_token.new')))
        else await revoke()
        return true
      },
    }),
  )
  expect(trouble).toBeUndefined()
  expect(asked.map((one) => /Put it into what head prints|Revoke the old one/.exec(one)?.[0])).toEqual([
    'Put it into what head prints',
    'Revoke the old one',
  ])
  expect(cloudflareApiToken(plain())).toEqual(done)
})

test('whoever says that it is there, where it is not, is told so before the old one ends', async () => {
  command = ['head', '-n', '1', join(plain().dir, 'cloudflare-token')]
  const prepared = await planned({ from: secondCloudflareToken(plain()) })
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  let asked = 0
  const { trouble } = await ran(patient, async () => {
    asked++
    return true
  })
  expect([trouble?.failed, asked]).toEqual([expect.stringMatching(/has another token/), 1])
})

test('a variable of a shell has no place that could be changed', async () => {
  const { token_command: _, ...cloudflare } = plain().environment.cloudflare
  const context = contextOf({ ...plain().environment, cloudflare })
  await expect(prepare(rotate, { ...input, from: secondCloudflareToken(plain()) }, systems(), context)).rejects.toMatchObject({
    code: 'secrets-no-source',
  })
})

test('where no new one was given, it says where one is made', async () => {
  await expect(planned()).rejects.toMatchObject({
    code: 'secrets-no-value',
    likely: expect.stringMatching(/dash.cloudflare.com\/profile\/api-tokens/),
  })
})
