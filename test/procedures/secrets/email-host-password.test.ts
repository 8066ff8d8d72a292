import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { contextOf } from '../../support/context.ts'
import { emailHostPassword, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondMailPassword, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const input = { name: 'EMAIL_HOST_PASSWORD', from: undefined, soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, source: true, pods: true, files: [] }
const context = (typed?: string) => ({ ...contextOf(sandbox().environment), ...(typed !== undefined && { typed: new Secret(typed) }) })
const planned = (more: object = {}, typed?: string) => prepare(rotate, { ...input, ...more }, systems(), context(typed))
const question = (more: object = {}) =>
  rotate.hidden?.({ ...input, ...more }, readersOf(systems(), rotate.needs), contextOf(sandbox().environment))
/** Whoever is asked to revoke the old one does so, and then says so. */
const revoke = async () => {
  const { mail } = sandbox()
  mail.password = planted.nextEmailPassword
  mail.beside.clear()
  return true
}
const ran = (prepared: Awaited<ReturnType<typeof planned>>, settle = revoke) =>
  perform(prepared, runOf(systems(), rotate.needs, { settle }))

test('it is let in before anything changes, every pod gets it, and the old one is seen to be dead', async () => {
  const from = secondMailPassword(sandbox())
  const { trouble, states } = await ran(await planned({ from }))
  expect([trouble, states.includes('settled')]).toEqual([undefined, true])
  expect(emailHostPassword(sandbox())).toEqual(done)
  const { checkout } = sandbox().environment
  const holding = (value: string) =>
    readdirSync(checkout, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name), 'utf8').includes(value))
      .map((entry) => entry.name)
  expect([holding(planted.emailHostPassword), holding(planted.nextEmailPassword)]).toEqual([[], ['email_host_password.txt']])
})

test('one that the server refuses is never begun with', async () => {
  const from = secondMailPassword(sandbox())
  sandbox().mail.beside.clear()
  const { plan } = await planned({ from })
  expect(plan.blocked).toContainEqual(expect.stringMatching(/smtp.fastmail.com refuses the new EMAIL_HOST_PASSWORD: 535/))
  sandbox().mail.trouble = 'login put off'
  expect((await planned({ from })).plan.blocked).toContainEqual(expect.stringMatching(/does not say whether it lets the new/))
  expect(emailHostPassword(sandbox())).toMatchObject({ first: true, files: [] })
})

test('whoever says that the old one is revoked, where it is not, is told so, and both files stay', async () => {
  const prepared = await planned({ from: secondMailPassword(sandbox()) })
  const patient = { ...prepared, steps: prepared.steps.map((step) => ('holds' in step ? { ...step, within: 100 } : step)) }
  const { trouble } = await ran(patient, async () => true)
  expect(trouble?.failed).toMatch(/lets the old EMAIL_HOST_PASSWORD in still/)
  expect(emailHostPassword(sandbox())).toEqual({ ...done, files: ['new 600', 'old 600'] })
  await revoke()
  expect((await ran(await planned())).trouble).toBeUndefined()
  expect(emailHostPassword(sandbox())).toEqual(done)
})

test('taken back, every pod has the old one again, and nothing is left', async () => {
  const more = { from: secondMailPassword(sandbox()), 'keep-old': true }
  const prepared = await planned(more)
  const { states, trouble } = await ran(prepared)
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(more)).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(emailHostPassword(sandbox())).toEqual({ first: true, second: false, source: true, pods: true, files: [] })
})

test('what is typed is asked for once: not where a file has it, nor where a run before has kept it', async () => {
  const from = secondMailPassword(sandbox())
  expect(await question({ from })).toBeUndefined()
  expect(await question()).toMatch(/The new EMAIL_HOST_PASSWORD, made at smtp.fastmail.com/)
  await expect(planned()).rejects.toMatchObject({ code: 'secrets-no-value', next: expect.stringMatching(/--from/) })
  const { plan } = await planned({}, planted.nextEmailPassword)
  expect(JSON.stringify(plan)).not.toContain(planted.nextEmailPassword)
  expect(plan.byHand.join('\n')).toContain('stty -echo')
  writeFileSync(join(sandbox().environment.checkout, 'deploy-k3s/secrets/email_host_password.new'), planted.nextEmailPassword, {
    mode: 0o600,
  })
  expect(await question()).toBeUndefined()
  expect((await ran(await planned())).trouble).toBeUndefined()
  expect([emailHostPassword(sandbox()), await question()]).toEqual([done, undefined])
})
