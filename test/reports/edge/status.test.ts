import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { edgeStatus } from '../../../src/lib/reports/edge/status.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { namespace, nodes, publicNames } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { aRecord } from '../../../src/lib/sandbox/edge/api/state.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { contextOf } from '../../support/context.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ speed: { keepAliveMs: 0 } })
const opened: ReturnType<typeof openSystems>[] = []
afterEach(async () => {
  for (const systems of opened.splice(0)) await systems.close()
})

const api = 'api.myhoneydue.com'
const [first, second, third] = nodes
const show = async () => {
  const { environment } = sandbox()
  const systems = openSystems(environment, systemClock, new AbortController().signal)
  opened.push(systems)
  const { cloudflare, http } = systems
  return edgeStatus.look({}, { cloudflare: cloudflare.read, nodes: systems.nodes.read, http: http.read }, contextOf(environment))
}
const said = async () => (await show()).findings.map(({ level, text, next }) => [level, text, ...(next ? [next] : [])].join(' | '))
const state = () => sandbox().cloudflare.state
const dropAll = (address: string, only?: string) => {
  state().records = state().records.filter(({ name, content }) => content !== address || (only !== undefined && name !== only))
}

const dropAllOf = (name: string) => {
  state().records = state().records.filter((record) => record.name !== name)
}

test('all is well: every name leads to every node, and nothing is said', async () => {
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.tables.map(({ title }) => title)).toEqual(['Zone', 'Names', 'Nodes, asked from themselves'])
  expect(view.tables[1]?.rows.map((row) => row.slice(0, 5))).toEqual(publicNames.map((name) => [name, 'yes', 'yes', 'yes', '']))
  expect(view.tables[2]?.rows.map((row) => row.slice(0, 3))).toEqual(nodes.map(({ alias, address }) => [alias, address, 'yes']))
  const text = JSON.stringify(view)
  for (const secret of plantedValues) expect(text).not.toContain(secret)
})

test('a drained node is a warning, a half drained one is wrong', async () => {
  dropAll(second.address)
  expect(await said()).toEqual([`warning | hetzner2 is out of the round robin of every name | honeydue edge:restore hetzner2`])
  dropAll(third.address, api)
  expect((await said())[0]).toBe(`wrong | hetzner3 is missing from ${api} | honeydue edge:restore hetzner3`)
})

test('an address of no node, and one outside the proxy, are wrong', async () => {
  const now = '2026-01-01T00:00:00Z'
  state().records = [
    ...state().records.map((record) => (record.name === api && record.content === first.address ? { ...record, proxied: false } : record)),
    aRecord(api, '192.0.2.9', now),
    { ...aRecord('app.myhoneydue.com', '2001:db8::1', now), type: 'AAAA' },
  ]
  expect(await said()).toEqual([
    `wrong | The A record ${first.address} of ${api} is not proxied: it shows the node itself | honeydue edge:restore hetzner1`,
    `wrong | ${api} has the A record 192.0.2.9, which is no node's | look at it in the dashboard`,
    "wrong | app.myhoneydue.com has the AAAA record 2001:db8::1, which is no node's | look at it in the dashboard",
  ])
})

test('a mode that does not verify the nodes is wrong, of the zone or of a rule', async () => {
  state().settings.set('ssl', { value: 'full', modified: '' })
  state().settings.set('ssl_automatic_mode', { value: 'auto', modified: '' })
  state().settings.set('always_use_https', { value: 'off', modified: '' })
  const rule = { id: '1', description: '', enabled: true, last_updated: '', ref: '', version: '1', action: 'set_config' } as const
  state().configRules = [{ ...rule, action_parameters: { ssl: 'full' }, expression: `http.host eq "${api}"` }]
  expect(await said()).toEqual([
    "wrong | The zone's SSL mode is full: the nodes' certificate is not verified",
    `wrong | A configuration rule sets the SSL mode full for http.host eq "${api}": there the nodes' certificate is not verified`,
    'warning | Automatic SSL/TLS is on: Cloudflare may change the SSL mode unasked',
    'warning | Always Use HTTPS is off',
  ])
})

test('a node that is not well is named with the drain, and the customers are told first', async () => {
  const { edge, nodes: machines } = sandbox()
  for (const { alias } of nodes) edge.traefik(alias).fail('no-handshake')
  const [line, ...others] = await said()
  expect(line).toBe(`wrong | ${api} answers 525: the TLS handshake with a node failed`)
  expect(others).toContainEqual(
    expect.stringMatching(
      /^wrong \| Every node that answers says the same of api\S+, .*: the TLS handshake failed \| honeydue cert:status$/,
    ),
  )
  expect(others.join('\n')).not.toContain('edge:drain')
  for (const { alias } of nodes.slice(1)) edge.traefik(alias).fail(undefined)
  expect(await said()).toEqual([
    expect.stringMatching(
      /^wrong \| hetzner1 is in the round robin and not well: api.*handshake failed.* \| honeydue edge:drain hetzner1$/,
    ),
  ])
  edge.traefik(first.alias).fail(undefined)
  await machines.setUp('hetzner2', false)
  expect(await said()).toEqual([
    expect.stringMatching(/^wrong \| hetzner2 is in the round robin and could not be asked: .* \| honeydue edge:drain hetzner2$/),
  ])
  dropAll(second.address)
  expect(await said()).toEqual([
    expect.stringMatching(/^warning \| hetzner2 could not be asked: .* \| honeydue nodes:status$/),
    'warning | hetzner2 is out of the round robin of every name',
  ])
  // Half drained and away: the drain is to be ended, and nothing is to be led back.
  state().records = [...state().records, aRecord(api, second.address, '2026-01-01T00:00:00Z')]
  expect(await said()).toEqual([expect.stringMatching(/^wrong \| hetzner2 is in the round robin and could not .* edge:drain hetzner2$/)])
  for (const { alias } of [first, third]) await machines.setUp(alias, false)
  expect((await said()).join('\n')).not.toContain('edge:drain')
})

test('a name that no node answers is the workload, whoever of the nodes is away; no healthy node is to be drained', async () => {
  const { kubernetes, nodes: machines } = sandbox()
  kubernetes.client.update({ group: 'apps', resource: 'deployments' }, 'admin', namespace, (draft) => {
    draft.spec = { ...(draft.spec as object), replicas: 0 }
  })
  await eventually(async () => (await said()).length > 0)
  await machines.setUp('hetzner2', false)
  expect(await said()).toEqual([
    'wrong | admin.myhoneydue.com answers 503',
    'wrong | Every node that answers says the same of admin.myhoneydue.com: answers 503 | honeydue cluster:health',
    expect.stringMatching(/^wrong \| hetzner2 is in the round robin and could not be asked: .* \| honeydue edge:drain hetzner2$/),
  ])
})

test('one node with a certificate that Cloudflare refuses is seen, though no customer notices', async () => {
  const other = createAuthority('Traefik').issue({ commonName: 'TRAEFIK DEFAULT CERT', names: [api] })
  sandbox().edge.traefik(third.alias).fail({ serves: other })
  const view = await show()
  expect(view.findings).toEqual([
    {
      level: 'wrong',
      text: expect.stringMatching(/^hetzner3 serves .*TRAEFIK DEFAULT CERT\), which the Origin CA has not signed: Cloudflare refuses it$/),
      next: 'honeydue cert:status',
    },
  ])
  expect(view.tables[2]?.rows.map((row) => row[2])).toEqual(['yes', 'yes', 'NO'])
})

test('names that are no part of the round robin are left alone: outside the proxy, of one node, following another; a wildcard of all nodes is part', async () => {
  const now = '2026-01-01T00:00:00Z'
  const more = [
    aRecord('mail.myhoneydue.com', first.address, now, false),
    aRecord('ssh1.myhoneydue.com', first.address, now, false),
    aRecord('grafana.myhoneydue.com', second.address, now),
    ...nodes.map(({ address }) => aRecord('nodes.myhoneydue.com', address, now, false)),
    { ...aRecord('www.myhoneydue.com', 'myhoneydue.com', now), type: 'CNAME' },
    { ...aRecord('docs.myhoneydue.com', 'honeydue.pages.dev', now), type: 'CNAME' },
    { ...aRecord('myhoneydue.com', 'v=spf1 -all', now, false), type: 'TXT' },
    { ...aRecord('grafana.myhoneydue.com', '2a01:4f8:1c18:5ecf::1', now), type: 'AAAA' },
  ]
  state().records = [...state().records, ...more]
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.tables[1]?.rows.map(([name]) => name)).toEqual(publicNames)
  expect(view.notes).toContain('No part of the round robin: A mail.myhoneydue.com to hetzner1, not proxied')
  expect(view.notes).toContain('No part of the round robin: A grafana.myhoneydue.com to hetzner2')
  state().records = [...state().records, ...nodes.slice(0, 2).map(({ address }) => aRecord('*.myhoneydue.com', address, now))]
  const wild = await show()
  expect(wild.tables[1]?.rows.at(-1)).toEqual(['*.myhoneydue.com', 'yes', 'yes', '-', '', ''])
  expect(wild.findings).toEqual([
    { level: 'wrong', text: 'hetzner3 is missing from *.myhoneydue.com', next: 'honeydue edge:restore hetzner3' },
  ])
})

test('an alias of the environment follows its target, the nodes are known by IPv6 too, and of two zones the active one is meant', async () => {
  const now = '2026-01-01T00:00:00Z'
  const app = 'app.myhoneydue.com'
  state().records = [
    ...state().records.filter(({ name }) => name !== app),
    { ...aRecord(app, 'myhoneydue.com', now), type: 'CNAME' },
    ...nodes.map((_, i) => ({
      ...aRecord(api, ['2a01:4f8:1c18:79c7::1', '2A01:4F8:1C18:5ECF:0::1', '2a01:4f8:1c18:241a::1'][i] ?? '', now),
      type: 'AAAA',
    })),
  ]
  state().otherZones = [{ ...state().zone, id: 'f'.repeat(32), status: 'pending' }]
  const view = await show()
  expect(view.findings).toEqual([])
  expect(view.notes).toContain(`${app} follows myhoneydue.com`)
  expect(view.tables[1]?.rows.find(([name]) => name === app)?.slice(1, 4)).toEqual(['', '', ''])
})

test('a name that follows another one is not led; a mode without TLS is why nobody answers at 443', async () => {
  const app = 'app.myhoneydue.com'
  state().records = [
    ...state().records.filter(({ name }) => name !== app),
    { ...aRecord(app, 'honeydue.pages.dev', '2026-01-01T00:00:00Z'), type: 'CNAME' },
  ]
  expect(await said()).toEqual([
    `wrong | ${app} answers 530: it follows honeydue.pages.dev, which has no address | look at it in the dashboard`,
  ])
  state().settings.set('ssl', { value: 'flexible', modified: '' })
  expect((await said())[0]).toBe(
    `wrong | ${api} answers 522: Cloudflare asks at port 80, and UFW keeps it shut | look at the SSL mode in the dashboard`,
  )
})

test('a name without any address is led again, and 522 names the firewall first', async () => {
  dropAllOf(api)
  expect((await said())[0]).toBe(`wrong | ${api} answers 530: the name has no address | honeydue edge:restore hetzner1`)
  await sandbox().reset()
  for (const { alias } of nodes) sandbox().nodes.node(alias).state.write('ufw/rules4', 'allow|in|tcp|any|22|any|\n')
  expect((await said())[0]).toMatch(
    /^wrong \| api\S+ answers 522: .*its firewall does not know Cloudflare, or it is down \| honeydue firewall:status$/,
  )
})

test('Cloudflare away, or a token that it does not know: the rest is shown, and why', async () => {
  const end = sandbox().cloudflare.fail({ answer: 'server-error' })
  const view = await show()
  expect(view.findings[0]?.text).toMatch(/^Not read at Cloudflare \(zone, settings, rules, records\): Cloudflare answered 500/)
  expect(view.tables[1]?.rows[0]?.slice(1, 4)).toEqual(['?', '?', '?'])
  expect(view.tables[2]?.rows[0]?.[2]).toBe('yes')
  expect(view.unreachable).toBe(false)
  end()
  state().tokens.delete(planted.cloudflareToken)
  expect((await said())[0]).toMatch(/lacks the permission "Zone – Zone – Read", or was revoked/)
})
