import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test, vi } from 'vitest'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { confirmed, honeydue, requireBuild } from '../support/program.ts'
import { openTerminal, type Terminal } from '../support/terminal.ts'
import { useSandbox } from '../support/worlds.ts'

beforeAll(requireBuild)
vi.setConfig({ testTimeout: 90_000 })
const sandbox = useSandbox({ speed: { reloadMs: 5, keepAliveMs: 0 } })

const rotate = (...more: readonly string[]) => [
  ...['cert:rotate', '--soak', '1s', ...more],
  ...['--env', join(sandbox().dir, 'environment.yaml')],
]
const unbroken = (text: string) => text.replace(/\s+/g, ' ')
const first = () => sandbox().originCa.first.certificate
const fingerprint = () => new X509Certificate(first()).fingerprint256.slice(0, 23)
const valid = () =>
  sandbox()
    .cloudflare.state.certificates.filter(({ revokedAt }) => !revokedAt)
    .map(({ listed }) => listed.certificate)
const current = () => readFileSync(join(sandbox().dir, 'checkout/deploy-k3s/secrets/cloudflare-origin.crt'), 'utf8')
/** One public name is enough here. */
const oneName = () => {
  for (const name of ['admin', 'web'])
    sandbox().kubernetes.client.delete({ group: 'networking.k8s.io', resource: 'ingresses' }, name, namespace)
}

/** What an operator's screen or log must never show. */
const secrets = [...plantedValues, 'PRIVATE KEY']

/** As far as the question before the revocation. */
const soaked = async (): Promise<Terminal> => {
  oneName()
  const terminal = openTerminal(rotate(), { within: 60_000 })
  await terminal.until(`step 9 asks for sandbox/${fingerprint()} to be typed before it`)
  await terminal.until('Go on?')
  terminal.type('y\r')
  await terminal.until('The soak of 1 s is over.')
  await terminal.until('to go on:')
  expect(valid()).toEqual(expect.arrayContaining([first(), current()]))
  return terminal
}

test('the fingerprint is typed after the soak, and only then the old certificate is revoked', async () => {
  const terminal = await soaked()
  terminal.type(`sandbox/${fingerprint()}\r`)
  const { code, text } = await terminal.end()
  expect(text).toContain('Done, and seen to hold.')
  expect(code).toBe(0)
  for (const secret of secrets) expect(text).not.toContain(secret)
  expect(valid()).toEqual([current()])
})

test('another text, Ctrl-C, and SIGTERM there leave the old certificate alone, and the same command goes on', async () => {
  const wrong = await soaked()
  wrong.type('sandbox/70:65\r')
  await wrong.until('Take back what was changed?')
  wrong.type('\r')
  const declined = await wrong.end()
  expect(declined.code).toBe(6)
  expect(unbroken(declined.text)).toContain(`cause What was typed is not sandbox/${fingerprint()}`)
  expect(unbroken(declined.text)).toContain(`Not done: Revoke the old certificate ${fingerprint()}.`)
  expect(declined.text).toMatch(/^next {4}honeydue cert:rotate --soak 1s --env \S+environment.yaml {3}# goes on from here$/m)
  expect(valid()).toHaveLength(2)

  const interrupted = await soaked()
  interrupted.type('\u0003')
  const stopped = await interrupted.end()
  // This run has found all of it done: what is taken back is what the run itself has changed.
  expect([stopped.code, stopped.text]).toEqual([130, expect.stringContaining('state   Nothing was changed.')])
  expect(valid()).toHaveLength(2)

  const terminated = await soaked()
  terminated.signal('SIGTERM')
  expect((await terminated.end()).code).toBe(143)
  expect(valid()).toHaveLength(2)

  const given = await confirmed(rotate(), { within: 60_000 })
  expect(given.stderr).toContain('Type the old fingerprint, for it to be revoked: given by --confirm')
  expect([given.code, given.stdout]).toEqual([0, expect.stringContaining('Done, and seen to hold.')])
  expect(valid()).toEqual([current()])
})

test('taken back after Ctrl-C there: the old pair is in its place, and nothing tells to revoke it by hand any more', async () => {
  const terminal = await soaked()
  terminal.type('\u0003')
  await terminal.until('Take back what was changed?')
  terminal.type('y\r')
  const { code, text } = await terminal.end()
  expect([code, current(), valid()]).toEqual([130, first(), [first()]])
  expect(text).toContain('state   What was changed was taken back.')
  expect(text.slice(text.indexOf('Taken back, and seen to be so.'))).not.toContain('DELETE')
})

test('without a terminal: refused without --confirm, refused with another, and JSON says what is to be typed where', async () => {
  oneName()
  expect((await honeydue(rotate())).code).toBe(2)
  const other = await honeydue(rotate('--confirm', 'sandbox/70:65', '--plan', '00000000'))
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('--confirm "sandbox/70:65" is not what this plan asks for')])
  expect(valid()).toEqual([first()])
  const { code, stdout } = await confirmed(rotate('--json'), { within: 60_000 })
  const { plan, states } = JSON.parse(stdout) as { plan: { steps: { kind: string; type?: string }[] }; states: string[] }
  expect(code).toBe(0)
  for (const secret of secrets) expect(stdout).not.toContain(secret)
  const gate = plan.steps.findIndex(({ kind }) => kind === 'gate')
  expect([plan.steps[gate]?.type, states[gate]]).toEqual([`sandbox/${fingerprint()}`, 'settled'])
  expect(valid()).toEqual([current()])
})
