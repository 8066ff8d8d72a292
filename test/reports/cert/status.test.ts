import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { pairOf, surveyCertificate } from '../../../src/lib/facts/cert/survey.ts'
import { prepare, readersOf } from '../../../src/lib/plan/plan.ts'
import type { View } from '../../../src/lib/plan/report.ts'
import { install } from '../../../src/lib/procedures/cert/install.ts'
import { rotate } from '../../../src/lib/procedures/cert/rotate.ts'
import { certificateFindings } from '../../../src/lib/reports/cert/findings.ts'
import { certStatus } from '../../../src/lib/reports/cert/status.ts'
import { createAuthority, type Identity } from '../../../src/lib/sandbox/certificates.ts'
import { namespace, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { originCa } from '../../../src/lib/systems/cloudflare/origin-ca.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { reloadMs: 5 } })
const secrets = { group: '', resource: 'secrets' }
const names = [`*.${zoneName}`, zoneName]
const origin = { commonName: 'CloudFlare Origin Certificate', names }
let close = async () => {}
afterEach(() => close())

const status = async (): Promise<View> => {
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  close = systems.close
  const report = certStatus
  return report.look({}, readersOf(systems, report.needs), contextOf(environment))
}
const wrong = async () => (await status()).findings.map(({ text }) => text)
const put = (identity: Identity, name = 'cloudflare-origin-cert') =>
  sandbox().kubernetes.client.update(secrets, name, namespace, (draft) => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    draft.data = { 'tls.crt': base64(identity.certificate), 'tls.key': base64(identity.key) }
  })
const setting = (id: string, value: string) => sandbox().cloudflare.state.settings.set(id, { value, modified: '' })

test('one certificate everywhere is a row a place and nothing wrong, and no secret is in it', async () => {
  const view = await status()
  expect(view.findings).toEqual([])
  const rows = view.tables[0]?.rows ?? []
  expect(rows.map(([where]) => where)).toEqual(['checkout', 'Secret', 'hetzner1', 'hetzner2', 'hetzner3', 'Cloudflare'])
  expect(new Set(rows.map(([, fingerprint]) => fingerprint)).size).toBe(1)
  const text = JSON.stringify(view)
  for (const secret of [...plantedValues, 'PRIVATE KEY']) expect(text).not.toContain(secret)
})

test('expired in the Secret, good in the checkout: putting it in is the first thing said, and no circle leads anywhere else', async () => {
  const ago = (hours: number) => new Date(Date.now() - hours * 3_600_000 - 60_000)
  const put_ = (hours: number) => put(sandbox().originCa.authority.issue({ ...origin, notBefore: ago(hours + 7 * 24), days: 7 }))
  for (const [hours, words] of [
    [25, 'expired 1 day ago'],
    [12, 'expired 12 hours ago'],
    [49, 'expired 2 days ago'],
    [1, 'expired 1 hour ago'],
  ] as const) {
    put_(hours)
    const [first] = (await status()).findings
    expect(first).toEqual({
      level: 'wrong',
      text: `The certificate of ${namespace}/cloudflare-origin-cert ${words}`,
      next: 'honeydue cert:install',
    })
    await close()
  }
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  close = systems.close
  const { plan } = await prepare(install, {}, systems, contextOf(sandbox().environment))
  expect([plan.blocked, plan.confirm]).toEqual([[], expect.stringContaining(`${namespace}/cloudflare-origin-cert`)])
  // An expired one in nobody's way: the rotation may begin as well.
  const input = { validity: '90', soak: 0, 'keep-old': false, 'newer-than': 86_400_000 }
  expect((await prepare(rotate, input, systems, contextOf(sandbox().environment))).plan.blocked).toEqual([])
})

test('nothing is typed that was made up: without an old certificate the Secret is what is confirmed', async () => {
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  close = systems.close
  const input = { validity: '90', soak: 0, 'keep-old': false, 'newer-than': 20 * 365 * 86_400_000 }
  const { plan } = await prepare(rotate, input, systems, contextOf(sandbox().environment))
  expect(plan.subject).toContain(`${namespace}/cloudflare-origin-cert`)
  expect(plan.subject).not.toContain('nothing')
})

test('a new Secret that only some nodes serve, and that neither the checkout nor Cloudflare knows', async () => {
  sandbox().edge.traefik('hetzner3').fail('stale')
  put(sandbox().originCa.authority.issue(origin))
  await new Promise((resolve) => setTimeout(resolve, 100))
  const found = await wrong()
  expect(found.filter((text) => text.includes('hetzner'))).toEqual([
    expect.stringMatching(/^hetzner3 serves .* not the Secret's, for admin/),
  ])
  expect(found).toContainEqual(expect.stringMatching(/^The checkout has .*, the Secret /))
  expect(found).toContainEqual(expect.stringMatching(/^Cloudflare does not list the Secret's certificate/))
})

test('a key that does not fit, few days, an end, other names, another authority', async () => {
  const { environment, originCa: ca } = sandbox()
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  close = systems.close
  const survey = await surveyCertificate(environment, readersOf(systems, ['checkout', 'kube', 'nodes', 'cloudflare']))
  const [live] = survey.secrets.answered ? survey.secrets.value : []
  const { authority } = ca
  const cases: readonly (readonly [Identity, RegExp])[] = [
    [{ ...authority.issue(origin), key: authority.issue(origin).key }, /its key is not that of its certificate/],
    [authority.issue({ ...origin, days: 20 }), /expires in 19 days/],
    [authority.issue({ ...origin, days: 1, notBefore: new Date('2026-01-01') }), /expired \d+ days ago/],
    [authority.issue({ ...origin, names: ['api.myhoneydue.com'] }), /is not for admin.myhoneydue.com, app.myhoneydue.com, myhoneydue.com/],
    [createAuthority('elsewhere').issue(origin), /is not signed by the Origin CA: CN=elsewhere/],
    [{ certificate: '', key: '' }, /holds no certificate/],
  ]
  for (const [{ certificate, key }, expected] of cases) {
    if (!live) throw new Error('there is no Secret')
    const value = [{ ...live, pair: pairOf(certificate, new Secret(key)) }]
    const texts = certificateFindings({ ...survey, secrets: { answered: true, value } }, new Date()).map(({ text }) => text)
    expect(texts).toContainEqual(expect.stringMatching(expected))
  }
})

test('what does not verify the origin is wrong: the mode, a rule, and a mode that may change unasked', async () => {
  setting('ssl', 'flexible')
  setting('ssl_automatic_mode', 'auto')
  sandbox().cloudflare.state.pageRules = [
    {
      id: 'p',
      actions: [{ id: 'ssl', value: 'full' }],
      created_on: '',
      modified_on: '',
      priority: 1,
      status: 'active',
      targets: [{ target: 'url', constraint: { operator: 'matches', value: 'admin.myhoneydue.com/*' } }],
    },
  ]
  expect(await wrong()).toEqual([
    "The zone's SSL mode is flexible: the origin's certificate is not verified",
    'A page rule sets the SSL mode full where admin.myhoneydue.com/*: the origin is not verified there',
    'Automatic SSL/TLS is on: Cloudflare may change the SSL mode unasked',
  ])
})

test('a second Secret for the same names, an old key left by kubectl apply, a twin at Cloudflare', async () => {
  const { kubernetes, originCa: ca, cloudflare } = sandbox()
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const data = { 'tls.crt': base64(ca.first.certificate), 'tls.key': base64(ca.first.key) }
  kubernetes.client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'another', namespace }, type: 'kubernetes.io/tls', data })
  kubernetes.client.update(secrets, 'cloudflare-origin-cert', namespace, (draft) => {
    const applied = JSON.stringify({ data: { ...data, 'tls.key': base64('an older key') } })
    draft.metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': applied }
  })
  const [first] = cloudflare.state.certificates
  if (first) cloudflare.state.certificates = [first, { listed: { ...first.listed, id: '7' } }]
  const found = await wrong()
  expect(found).toContainEqual(expect.stringMatching(/^Secret honeydue\/another has a certificate for the same names/))
  expect(found).toContainEqual(expect.stringMatching(/still holds another private key/))
  expect(found).toContainEqual(expect.stringMatching(/^Cloudflare lists another certificate for the same names/))
})

test('what does not answer takes nothing else with it', async () => {
  await sandbox().nodes.setUp('hetzner2', false)
  sandbox().cloudflare.fail({ answer: 'reset' })
  const view = await status()
  expect(view.unreachable).toBe(false)
  expect(view.tables[0]?.rows.map(([where, what]) => `${where} ${what === 'not read' ? what : 'read'}`)).toEqual([
    'checkout read',
    'Secret read',
    'hetzner1 read',
    'hetzner2 not read',
    'hetzner3 read',
    'Cloudflare not read',
  ])
})

test("Cloudflare's own two authorities are built in", async () => {
  const known = originCa(undefined)
  expect(await known(sandbox().originCa.first.certificate)).toBe(false)
})
