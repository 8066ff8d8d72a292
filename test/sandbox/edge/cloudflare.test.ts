import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import Cloudflare from 'cloudflare'
import { expect, test } from 'vitest'
import { nodes, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { newToken } from '../../../src/lib/sandbox/edge/api/access.ts'
import { requestFor } from '../../../src/lib/sandbox/edge/csr.ts'
import { throughEdge } from '../../support/through-edge.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()

/** The SDK's fetch, with the sandbox's authority trusted. */
const trusting =
  (ca: string): typeof fetch =>
  (url, init) =>
    new Promise((resolve, reject) => {
      const headers = Object.fromEntries(new Headers(init?.headers).entries())
      const asked = request(String(url), { method: init?.method ?? 'GET', headers, ca, agent: false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve(new Response(Buffer.concat(chunks), { status: response.statusCode ?? 0, headers: response.headers as never })),
        )
      })
      asked.on('error', reject)
      asked.end(init?.body === undefined || init.body === null ? undefined : String(init.body))
    })
const client = (apiToken: string = planted.cloudflareToken, maxRetries = 0) =>
  new Cloudflare({
    apiToken,
    baseURL: sandbox().urls.cloudflare,
    maxRetries,
    fetch: trusting(readFileSync(join(sandbox().dir, 'ca.crt'), 'utf8')),
  })
const zoneId = async () => (await client().zones.list({ name: zoneName })).result[0]?.id ?? ''
const all = async <T>(list: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const one of list) found.push(one)
  return found
}

test('the zone is found by name, on the Free plan, with its mode and its rules', async () => {
  const cloudflare = client()
  const [zone] = (await cloudflare.zones.list({ name: zoneName })).result
  expect(zone).toMatchObject({ name: zoneName, status: 'active', plan: { legacy_id: 'free' } })
  const zone_id = zone?.id ?? ''
  expect((await cloudflare.zones.list({ name: 'example.com' })).result).toEqual([])
  expect(await cloudflare.zones.get({ zone_id })).toEqual(zone)
  expect(await cloudflare.zones.settings.get('ssl', { zone_id })).toMatchObject({ id: 'ssl', value: 'strict', editable: true })
  expect(await cloudflare.zones.settings.get('always_use_https', { zone_id })).toMatchObject({ value: 'on' })
  expect(await cloudflare.zones.settings.get('ssl_automatic_mode', { zone_id })).toMatchObject({ value: 'custom' })
  expect(await cloudflare.pageRules.list({ zone_id })).toEqual([])
  await expect(cloudflare.rulesets.phases.get('http_config_settings', { zone_id })).rejects.toMatchObject({ status: 404 })
  expect(await cloudflare.zones.settings.edit('ssl', { zone_id, value: 'full' })).toMatchObject({ value: 'full' })
  expect(await cloudflare.zones.settings.get('ssl', { zone_id })).toMatchObject({ value: 'full' })
})

test('every public name has one proxied A record a node, and lists end at an empty page', async () => {
  const zone_id = await zoneId()
  const cloudflare = client()
  const records = await all(cloudflare.dns.records.list({ zone_id, per_page: 5 }))
  expect(records.map(({ name, content }) => `${name} ${content}`)).toHaveLength(12)
  const api = await all(cloudflare.dns.records.list({ zone_id, type: 'A', name: { exact: 'api.myhoneydue.com' } }))
  expect(api.map(({ content }) => content).sort()).toEqual(nodes.map(({ address }) => address).sort())
  expect(api.every((record) => 'proxied' in record && record.proxied === true)).toBe(true)
  const one = await all(cloudflare.dns.records.list({ zone_id, name: { exact: zoneName }, content: { exact: nodes[1].address } }))
  expect(one).toHaveLength(1)
})

test('records are created, changed, replaced and deleted, and a batch is all or nothing', async () => {
  const zone_id = await zoneId()
  const { records } = client().dns
  const made = await records.create({ zone_id, type: 'A', name: 'new.myhoneydue.com', content: '192.0.2.1', ttl: 1, proxied: true })
  expect(made).toMatchObject({ name: 'new.myhoneydue.com', proxied: true, ttl: 1 })
  expect(await records.edit(made.id, { zone_id, proxied: false, ttl: 300, name: made.name, type: 'A' })).toMatchObject({
    proxied: false,
    ttl: 300,
  })
  const wrong = { zone_id, type: 'A', name: made.name, ttl: 1 } as const
  await expect(records.update(made.id, { ...wrong, content: 'nowhere' })).rejects.toMatchObject({ status: 400, errors: [{ code: 9005 }] })
  await expect(records.create({ ...wrong, content: '192.0.2.1' })).rejects.toMatchObject({ errors: [{ code: 81058 }] })
  const before = await all(records.list({ zone_id }))
  const post = { type: 'A', name: made.name, content: '192.0.2.9', ttl: 1, proxied: true } as const
  await expect(records.batch({ zone_id, deletes: [{ id: made.id }], posts: [post, post] })).rejects.toMatchObject({ status: 400 })
  expect(await all(records.list({ zone_id }))).toEqual(before)
  expect(await records.batch({ zone_id, deletes: [{ id: made.id }], posts: [post] })).toMatchObject({ posts: [{ content: '192.0.2.9' }] })
  await expect(records.delete(made.id, { zone_id })).rejects.toMatchObject({ status: 404, errors: [{ code: 81044 }] })
})

test('a CNAME stands alone, and a proxied one is flattened to what its target leads to', async () => {
  const [zone_id, records] = [await zoneId(), client().dns.records]
  const www = { zone_id, name: 'www.myhoneydue.com', ttl: 1, type: 'CNAME', content: zoneName, proxied: true } as const
  await records.create(www)
  const beside = { zone_id, name: www.name, ttl: 1, type: 'A', content: nodes[0].address } as const
  await expect(records.create(beside)).rejects.toMatchObject({ status: 400, errors: [{ code: 81054 }] })
  await expect(records.create({ ...www, name: `api.${zoneName}` })).rejects.toMatchObject({ status: 400, errors: [{ code: 81053 }] })
  expect((await throughEdge(sandbox(), www.name)).status).toBe(404)
  const { state } = sandbox().cloudflare
  state.records = state.records.map((record) => (record.name === www.name ? { ...record, proxied: false } : record))
  expect((await throughEdge(sandbox(), www.name)).status).toBe(530)
  expect((await throughEdge(sandbox(), `new.${zoneName}`)).status).toBe(530)
})

test('the Origin CA signs what is asked for, lists it, and forgets what was revoked', async () => {
  const zone_id = await zoneId()
  const { originCACertificates } = client()
  const [first] = await all(originCACertificates.list({ zone_id }))
  expect(first?.certificate).toBe(readFileSync(join(sandbox().dir, 'checkout/deploy-k3s/secrets/cloudflare-origin.crt'), 'utf8'))
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const asked = { csr: requestFor(zoneName, pair), hostnames: [zoneName], request_type: 'origin-ecc', requested_validity: 90 } as const
  const made = await originCACertificates.create({ ...asked, hostnames: [...asked.hostnames] })
  const read = new X509Certificate(made.certificate ?? '')
  const root = new X509Certificate(readFileSync(join(sandbox().dir, 'origin-ca.crt')))
  expect(read.verify(root.publicKey)).toBe(true)
  expect(read.publicKey.equals(createPublicKey(pair.privateKey))).toBe(true)
  expect(read.subjectAltName).toBe(`DNS:${zoneName}`)
  expect(BigInt(`0x${read.serialNumber}`).toString()).toBe(made.id)
  // Not idempotent: the same request is signed again.
  const twin = await originCACertificates.create({ ...asked, hostnames: [...asked.hostnames] })
  expect(twin.id).not.toBe(made.id)
  expect((await all(originCACertificates.list({ zone_id }))).map(({ id }) => id)).toEqual([first?.id, made.id, twin.id])
  expect(await originCACertificates.delete(twin.id ?? '')).toMatchObject({ id: twin.id })
  expect((await all(originCACertificates.list({ zone_id }))).map(({ id }) => id)).toEqual([first?.id, made.id])
  await expect(originCACertificates.get(twin.id ?? '')).rejects.toMatchObject({ status: 404 })
  const refusals = [
    { hostnames: ['example.com'] },
    { requested_validity: 42 as never },
    { csr: 'none' },
    { request_type: 'origin-rsa' as const },
  ]
  for (const wrong of refusals)
    await expect(originCACertificates.create({ ...asked, hostnames: [zoneName], ...wrong })).rejects.toMatchObject({ status: 400 })
})

test('purges are exact, within the limits of the Free plan', async () => {
  const zone_id = await zoneId()
  const { cache } = client()
  expect(await cache.purge({ zone_id, files: [`https://${zoneName}/a.css`] })).toEqual({ id: zone_id })
  await expect(cache.purge({ zone_id, hosts: Array(101).fill(zoneName) })).rejects.toMatchObject({ status: 400 })
  await expect(cache.purge({ zone_id, hosts: ['example.com'] })).rejects.toMatchObject({ status: 400 })
  for (let n = 0; n < 25; n++) await cache.purge({ zone_id, hosts: [zoneName] })
  const refused = await cache.purge({ zone_id, hosts: [zoneName] }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(Cloudflare.RateLimitError)
  expect(Number((refused as InstanceType<typeof Cloudflare.RateLimitError>).headers?.get('retry-after'))).toBeGreaterThan(0)
  expect(sandbox().cloudflare.state.purged).toHaveLength(26)
})

test('tokens are refused as Cloudflare refuses them', async () => {
  const zone_id = await zoneId()
  const { state } = sandbox().cloudflare
  expect(await client().user.tokens.verify()).toMatchObject({ status: 'active' })
  await expect(client('x'.repeat(40)).user.tokens.verify()).rejects.toMatchObject({ status: 401, errors: [{ code: 1000 }] })
  await expect(client('x'.repeat(40)).zones.list()).rejects.toMatchObject({ status: 403, errors: [{ code: 9109 }] })
  await expect(client('short').zones.list()).rejects.toMatchObject({ status: 400, errors: [{ code: 6003 }] })
  const reader = client(planted.cloudflareReadToken)
  expect(await reader.user.tokens.verify()).toMatchObject({ status: 'active' })
  expect(await all(reader.dns.records.list({ zone_id }))).toHaveLength(12)
  await expect(reader.cache.purge({ zone_id, purge_everything: true })).rejects.toMatchObject({ status: 403, errors: [{ code: 10000 }] })
  await expect(reader.originCACertificates.delete('1')).rejects.toMatchObject({ status: 403 })
  state.tokens.set('y'.repeat(40), newToken([], { expires_on: '2026-01-01T00:00:00Z' }))
  await expect(client('y'.repeat(40)).zones.list()).rejects.toMatchObject({ status: 403 })
  await expect(client().zones.get({ zone_id: 'f'.repeat(32) })).rejects.toMatchObject({ status: 404, errors: [{ code: 1001 }] })
  await expect(client().zones.get({ zone_id: zoneName })).rejects.toMatchObject({ status: 404, errors: [{ code: 7003 }, { code: 7000 }] })
})

test('faults: a limit that passes, an error for good, an answer that is lost after the deed', async () => {
  const { cloudflare } = sandbox()
  const zone_id = await zoneId()
  cloudflare.fail({ times: 1, answer: 'too-many' })
  await expect(client().zones.list()).rejects.toBeInstanceOf(Cloudflare.RateLimitError)
  await client().zones.list()
  const end = cloudflare.fail({ answer: 'server-error' })
  await expect(client().zones.list()).rejects.toBeInstanceOf(Cloudflare.InternalServerError)
  end()
  cloudflare.fail({ times: 1, match: ({ method }) => method === 'POST', answer: 'reset', after: true })
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const asked = { csr: requestFor(zoneName, pair), hostnames: [zoneName], request_type: 'origin-ecc' } as const
  // The SDK tries a POST again of its own accord: there are two certificates then.
  await client(planted.cloudflareToken, 1).originCACertificates.create({ ...asked, hostnames: [zoneName] })
  expect(await all(client().originCACertificates.list({ zone_id }))).toHaveLength(3)
})

test('the published ranges are all there, by the SDK', async () => {
  const found = await client().ips.list()
  expect(found).toMatchObject({ ipv6_cidrs: expect.arrayContaining(['2400:cb00::/32']) })
  expect([found.ipv4_cidrs?.length, found.ipv6_cidrs?.length]).toEqual([15, 7])
})
