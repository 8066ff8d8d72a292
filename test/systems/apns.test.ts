import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { apns as facts } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../src/lib/secret.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)
const signer = (more: object = {}) => ({ key: new Secret(planted.apnsKey), keyId: facts.keyId, teamId: facts.team, ...more })
const asked = (more?: object) => systems().apns.read.asked(more && signer(more))
const refused = { is: 'refused', reason: 'InvalidProviderToken' }

test('the live key is let in, and another key, id or team is not', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  expect(await asked()).toEqual({ is: 'let in' })
  expect(await asked({ key: new Secret(other) })).toEqual(refused)
  expect(await asked({ keyId: 'SANDBOXK09' })).toEqual(refused)
  expect(await asked({ teamId: 'ANOTHERONE' })).toEqual(refused)
  sandbox().apns.keys.clear()
  expect(await asked()).toEqual(refused)
})

test('what says nothing of the key is told apart from a refusal', async () => {
  const { apns } = sandbox()
  apns.trouble = 'too many'
  expect(await asked()).toEqual({ is: 'put off', because: '429 TooManyProviderTokenUpdates' })
  apns.trouble = 'server-error'
  expect(await asked()).toEqual({ is: 'put off', because: '503 ServiceUnavailable' })
  apns.trouble = 'first the device'
  expect(await asked()).toMatchObject({ is: 'put off', because: expect.stringMatching(/a key that nobody knows/) })
  apns.trouble = 'html'
  await expect(asked()).rejects.toMatchObject({ code: 'apns-other' })
  apns.trouble = 'reset'
  await expect(asked()).rejects.toMatchObject({ code: 'apns-unreachable' })
})

test('what speaks no HTTP/2, and an id that is not there, are said to be so', async () => {
  const { environment } = sandbox()
  const elsewhere = { ...environment, hostaddr: { ...environment.hostaddr, [facts.host]: environment.hostaddr['console.neon.tech'] ?? '' } }
  const { openSystems } = await import('../../src/lib/systems/open.ts')
  const { systemClock } = await import('../../src/lib/clock.ts')
  const open = (one: typeof environment) => openSystems(one, systemClock, new AbortController().signal)
  const wrong = open(elsewhere)
  const nameless = open({ ...environment, apns: { ...environment.apns, keyIdKey: 'NO_SUCH_NAME' } })
  const without = open({ ...environment, apns: { host: environment.apns.host, topicKey: environment.apns.topicKey } })
  try {
    await expect(wrong.apns.read.asked()).rejects.toMatchObject({ code: 'apns-no-http2' })
    await expect(nameless.apns.read.asked()).rejects.toMatchObject({ code: 'apns-no-id' })
    expect(without.apns.read.lacking()).toBe('apns.keyIdKey and apns.teamIdKey are not in the configuration')
  } finally {
    await Promise.all([wrong.close(), nameless.close(), without.close()])
  }
})
