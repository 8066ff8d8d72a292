import { execFile } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { putPair } from '../../../src/lib/drills/breaks.ts'
import { createAuthority, type Identity } from '../../../src/lib/sandbox/certificates.ts'
import { apiHost, namespace, nodes, publicNames, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { addressIn, covers } from '../../../src/lib/sandbox/edge/addresses.ts'
import { issue } from '../../../src/lib/sandbox/edge/api/certificates.ts'
import type { IssuedCertificate } from '../../../src/lib/sandbox/edge/api/state.ts'
import { publishedRanges } from '../../../src/lib/sandbox/edge/ranges.ts'
import { throughEdge } from '../../support/through-edge.ts'
import { eventually, useSandbox } from '../../support/worlds.ts'

const run = promisify(execFile)
const sandbox = useSandbox({ speed: { reloadMs: 20, keepAliveMs: 0 } })

const through = (host: string, path?: string) => throughEdge(sandbox(), host, path)
const statuses = async (count: number, host: string = apiHost, path = '/api/health/') => {
  const found: number[] = []
  for (let n = 0; n < count; n++) found.push((await through(host, path)).status)
  return found
}
const on = async (alias: string, command: string) =>
  (await run('ssh', ['-F', sandbox().nodes.configFile, '-o', 'BatchMode=yes', alias, command])).stdout
/** What the node serves for a name, as its own `openssl s_client` prints it among other things. */
const certificate = async (alias: string, name: string) => {
  const said = await on(alias, `openssl s_client -connect 127.0.0.1:443 -servername ${name} </dev/null 2>/dev/null`)
  return new X509Certificate(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(said)?.[0] ?? '')
}
const served = async (alias: string, name: string) => (await certificate(alias, name)).fingerprint256
const fingerprint = (certificate: string) => new X509Certificate(certificate).fingerprint256
const origin = () => readFileSync(join(sandbox().dir, 'checkout/deploy-k3s/secrets/cloudflare-origin.crt'), 'utf8')
const putSecret = (identity: Identity) => putPair(sandbox(), identity)
const fresh = (hostnames: readonly string[] = [`*.${zoneName}`, zoneName]): Identity & { readonly listed: IssuedCertificate } => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const listed = issue(sandbox().originCa.authority, { csr: '', hostnames, validity: 90, publicKey: pair.publicKey, now: new Date() })
  const key = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { certificate: listed.listed.certificate ?? '', key, listed }
}
const drop = (address: string, host: string = apiHost) => {
  const { state } = sandbox().cloudflare
  state.records = state.records.filter(({ name, content }) => name !== host || content !== address)
}

test('every public name is answered by its workload, and another by nobody', async () => {
  expect(await Promise.all(publicNames.map(async (name) => (await through(name)).status))).toEqual([404, 200, 200, 200])
  expect(await through(apiHost, '/api/health/')).toMatchObject({ status: 200 })
  expect(await through('www.myhoneydue.com')).toEqual({ status: 530, body: 'error code: 1001' })
})

test('each node serves the certificate of the Secret, as the node itself sees it', async () => {
  const found = await Promise.all(nodes.flatMap(({ alias }) => publicNames.map((name) => served(alias, name))))
  expect(new Set(found)).toEqual(new Set([fingerprint(origin())]))
  expect(await served('hetzner1', 'else.example')).not.toBe(fingerprint(origin()))
})

test('a new Secret is served after the delay, but not by a Traefik that does not reload', async () => {
  const next = fresh()
  sandbox().edge.traefik('hetzner3').fail('stale')
  putSecret(next)
  await eventually(async () => (await served('hetzner1', apiHost)) === fingerprint(next.certificate))
  expect(await served('hetzner3', apiHost)).toBe(fingerprint(origin()))
  expect(new Set(await statuses(6))).toEqual(new Set([200]))
  sandbox().edge.traefik('hetzner3').fail(undefined)
  expect(await served('hetzner3', apiHost)).toBe(fingerprint(next.certificate))
})

test('a key that is not of its certificate is dropped, the default is served, and the edge answers 526', async () => {
  putSecret({ certificate: fresh().certificate, key: fresh().key })
  await eventually(async () => (await statuses(1))[0] === 526)
  expect((await certificate('hetzner1', apiHost)).subject).toContain('TRAEFIK DEFAULT CERT')
})

test('Full (strict) verifies chain, names, dates and revocation; Full does not; Flexible finds port 80 closed', async () => {
  const { cloudflare, originCa } = sandbox()
  const foreign = createAuthority('elsewhere').issue({ commonName: zoneName, names: [`*.${zoneName}`, zoneName] })
  const pair = { commonName: zoneName, names: [`*.${zoneName}`, zoneName] }
  const expired = originCa.authority.issue({ ...pair, days: 1, notBefore: new Date('2026-01-01') })
  const named = fresh(['other.myhoneydue.com'])
  const serve = (identity: Identity) => {
    for (const { alias } of nodes) sandbox().edge.traefik(alias).fail({ serves: identity })
  }
  for (const identity of [foreign, expired, named]) {
    serve(identity)
    expect(await statuses(2)).toEqual([526, 526])
  }
  cloudflare.state.settings.set('ssl', { value: 'full', modified: '' })
  expect(await statuses(2)).toEqual([200, 200])
  cloudflare.state.settings.set('ssl', { value: 'strict', modified: '' })
  const revoked = fresh()
  serve(revoked)
  expect(await statuses(1)).toEqual([200])
  cloudflare.state.certificates = [{ ...revoked.listed, revokedAt: new Date() }]
  expect(await statuses(1)).toEqual([526])
  for (const { alias } of nodes) sandbox().edge.traefik(alias).fail('no-handshake')
  expect(await statuses(1)).toEqual([525])
  cloudflare.state.settings.set('ssl', { value: 'flexible', modified: '' })
  expect(await statuses(1)).toEqual([522])
})

test('rules override the mode for their hosts', async () => {
  const { state } = sandbox().cloudflare
  const foreign = createAuthority('elsewhere').issue({ commonName: zoneName, names: [`*.${zoneName}`, zoneName] })
  for (const { alias } of nodes) sandbox().edge.traefik(alias).fail({ serves: foreign })
  const rule = { id: 'r', action: 'set_config', description: '', enabled: true, last_updated: '', ref: 'r', version: '1' } as const
  state.configRules = [{ ...rule, action_parameters: { ssl: 'full' }, expression: '(http.host eq "admin.myhoneydue.com")' }]
  expect(await statuses(1, 'admin.myhoneydue.com', '/')).toEqual([200])
  expect(await statuses(1)).toEqual([526])
})

test('one bad node hides behind the others, until the records lead to it alone', async () => {
  sandbox().edge.traefik('hetzner2').fail('no-handshake')
  expect(new Set(await statuses(6))).toEqual(new Set([200]))
  drop(nodes[0].address)
  drop(nodes[2].address)
  expect(await statuses(2)).toEqual([525, 525])
  drop(nodes[1].address)
  expect(await statuses(1)).toEqual([530])
})

test('no origin answers: 521 where they are down, 522 where their firewalls drop', async () => {
  const { nodes: machines } = sandbox()
  await Promise.all(nodes.map(({ alias }) => machines.setUp(alias, false)))
  expect(await statuses(1)).toEqual([521])
  await Promise.all(nodes.map(({ alias }) => machines.setUp(alias, true)))
  for (const range of publishedRanges.ipv4)
    await on('hetzner1', `ufw delete allow proto tcp from ${range} to any port 443 comment cloudflare`)
  drop(nodes[1].address)
  drop(nodes[2].address)
  expect(await statuses(2)).toEqual([522, 522])
  await on('hetzner1', 'ufw allow 443/tcp')
  expect(await statuses(1)).toEqual([200])
  await on('hetzner1', 'ufw delete allow 443/tcp; ufw reject 443/tcp')
  expect(await statuses(1)).toEqual([521])
})

test('the edge comes from ranges that were added since: a node that does not know them drops a share', async () => {
  const { state } = sandbox().cloudflare
  state.ranges = { ...publishedRanges, ipv4: [...publishedRanges.ipv4, '198.51.100.0/24'] }
  const found = await statuses(16)
  expect(found.filter((status) => status === 522).length).toBeLessThanOrEqual(1)
  drop(nodes[1].address)
  drop(nodes[2].address)
  expect((await statuses(16)).filter((status) => status === 522)).toHaveLength(1)
})

test('without endpoints the ingress says 503', async () => {
  const { client } = sandbox().kubernetes
  client.update({ group: 'apps', resource: 'deployments' }, 'admin', namespace, (draft) => {
    ;(draft.spec as { replicas: number }).replicas = 0
  })
  await eventually(async () => (await through('admin.myhoneydue.com')).status === 503)
})

test('addresses and ranges', () => {
  expect(covers('173.245.48.0/20', '173.245.63.255')).toBe(true)
  expect(covers('173.245.48.0/20', '173.245.64.0')).toBe(false)
  expect(covers('2400:cb00::/32', '2400:cb00::1')).toBe(true)
  expect(covers('2400:cb00::/32', '173.245.48.1')).toBe(false)
  for (const range of publishedRanges.ipv4) for (const n of [0, 1, 77_777]) expect(covers(range, addressIn(range, n))).toBe(true)
})
