import { expect, test } from 'vitest'
import { perform } from '../../../src/lib/plan/perform.ts'
import { prepare } from '../../../src/lib/plan/plan.ts'
import { rotate } from '../../../src/lib/procedures/secrets/rotate.ts'
import { image, namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { contextOf } from '../../support/context.ts'
import { registryPassword, takenBack } from '../../support/rotation.ts'
import { runOf } from '../../support/run-of.ts'
import { useSystems } from '../../support/systems-of.ts'
import { secondRegistryToken, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const input = { name: 'REGISTRY_PASSWORD', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
const done = { first: false, second: true, source: true, opens: true, files: [] }
const second = () => secondRegistryToken(sandbox())
const planned = (from: string, more: object = {}) =>
  prepare(rotate, { ...input, from, ...more }, systems(), contextOf(sandbox().environment))
const revoke = async () => {
  sandbox().registry.passwords.delete(planted.registryPassword)
  return true
}

test('a token is tried before anything changes, no pod is restarted for it, and the old one is seen to be dead', async () => {
  const pods = () =>
    sandbox()
      .kubernetes.client.list({ group: '', resource: 'pods' }, { namespace })
      .map(({ metadata }) => metadata.name)
  const before = pods()
  const { trouble } = await perform(await planned(second()), runOf(systems(), rotate.needs, { settle: revoke }))
  expect(trouble).toBeUndefined()
  expect([registryPassword(sandbox()), pods()]).toEqual([done, before])
  expect(await systems().registry.read.toldTo({ secret: 'gitea-credentials' }, image('api'))).toMatch(/^sha256:/)
})

test('a token that the registry does not take is never begun with', async () => {
  const from = second()
  sandbox().registry.passwords.delete(planted.nextRegistryPassword)
  const { plan } = await planned(from)
  expect(plan.blocked).toContainEqual(expect.stringMatching(/gitea.treytartt.com refuses the new REGISTRY_PASSWORD/))
  expect(registryPassword(sandbox())).toMatchObject({ first: true, files: [] })
})

test('taken back, kubelets have the old one again', async () => {
  const from = second()
  const prepared = await planned(from, { 'keep-old': true })
  const { states, trouble } = await perform(prepared, runOf(systems(), rotate.needs))
  expect(trouble).toBeUndefined()
  const replan = async () => (await planned(from, { 'keep-old': true })).plan
  expect(await takenBack({ prepared, states }, systems(), rotate.needs, replan)).toEqual([])
  expect(registryPassword(sandbox())).toEqual({ first: true, second: false, source: true, opens: true, files: [] })
})
