import { execFile } from 'node:child_process'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { reasonOf, Trouble } from '../../../src/lib/errors.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { Refusal, refuse } from '../../../src/lib/sandbox/edge/api/answer.ts'
import { type CloudflareApi, startCloudflareApi } from '../../../src/lib/sandbox/edge/api/server.ts'
import { aRecord } from '../../../src/lib/sandbox/edge/api/state.ts'
import { listZones } from '../../../src/lib/sandbox/edge/api/zones.ts'
import { requestFor } from '../../../src/lib/sandbox/edge/csr.ts'
import { createOriginCa } from '../../../src/lib/sandbox/edge/origin-ca.ts'
import { serveHttps } from '../../../src/lib/sandbox/https-server.ts'
import { Secret } from '../../../src/lib/secret.ts'
import type { CloudflareOptions } from '../../../src/lib/systems/cloudflare/client.ts'
import { cloudflareSystem } from '../../../src/lib/systems/cloudflare/cloudflare.ts'

const zone = 'myhoneydue.com'
const api = `api.${zone}`
const first = '178.104.247.152'
const _run = promisify(execFile)
const dir = mkdtempSync(join(tmpdir(), 'cloudflare-'))
const caFile = join(dir, 'ca.crt')
let cloudflare: CloudflareApi
const opened: ReturnType<typeof cloudflareSystem>[] = []

beforeAll(async () => {
  const authority = createAuthority('test')
  const originCa = createOriginCa()
  writeFileSync(caFile, authority.certificate)
  cloudflare = await startCloudflareApi({
    identity: authority.issue({ commonName: 'api.cloudflare.com', names: ['api.cloudflare.com'] }),
    originAuthority: originCa.authority,
    certificates: originCa.certificates,
  })
})
afterEach(async () => {
  for (const system of opened.splice(0)) await system.close()
  cloudflare.reset()
})
afterAll(async () => {
  await cloudflare.stop()
  rmSync(dir, { recursive: true })
})

const open = (token: string = planted.cloudflareToken, more: Partial<CloudflareOptions> = {}) => {
  const hostaddr = { 'api.cloudflare.com': `127.0.0.1:${cloudflare.port}` }
  const system = cloudflareSystem({ zone, token: async () => new Secret(token), clock: systemClock, hostaddr, caFile, ...more })
  opened.push(system)
  return system
}
const troubleOf = async (asked: Promise<unknown>): Promise<Trouble> => {
  const error = await asked.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof Trouble) return error
  throw error
}
const addressesOf = (name: string) =>
  cloudflare.state.records.filter((record) => record.name === name).map(({ content, proxied }) => `${content} ${proxied}`)

test('zone, settings, records, ranges and certificates are read by name', async () => {
  const { read } = open()
  expect(await read.zone()).toMatchObject({ name: zone, plan: 'Free Website', status: 'active', paused: false })
  expect(await read.settings()).toEqual({ ssl: 'strict', alwaysUseHttps: true, sslAutomatic: 'custom' })
  expect(await read.sslOverrides()).toEqual([])
  expect((await read.addresses([api])).map(({ address, proxied }) => [address, proxied])).toContainEqual([first, true])
  expect(await read.addresses()).toHaveLength(cloudflare.state.records.length)
  const [certificate] = await read.originCertificates()
  expect(certificate?.names).toEqual([`*.${zone}`, zone])
  expect(new Date(new X509Certificate(certificate?.certificate ?? '').validTo)).toEqual(certificate?.expiresAt)
  const { ipv4, ipv6 } = await read.ranges()
  expect([ipv4.length, ipv6.length]).toEqual([15, 7])
})

test('the ranges need no token, and the list of certificates may leave out the PEM', async () => {
  const token = () => Promise.reject(new Error('asked for a token'))
  expect((await open('', { token }).read.ranges()).ipv4).toHaveLength(15)
  cloudflare.state.listsPem = false
  expect((await open().read.originCertificates())[0]?.certificate).toContain('BEGIN CERTIFICATE')
})

test('rules that set another mode are found, those that are off are not', async () => {
  const rule = { id: '1', action: 'set_config', description: '', last_updated: '', ref: '', version: '1' } as const
  cloudflare.state.configRules = [
    { ...rule, action_parameters: { ssl: 'full' }, expression: `http.host eq "${api}"`, enabled: true },
    { ...rule, action_parameters: { ssl: 'off' }, expression: 'true', enabled: false },
    { ...rule, action_parameters: {}, expression: 'true', enabled: true },
  ]
  expect(await open().read.sslOverrides()).toEqual([{ kind: 'configuration rule', where: `http.host eq "${api}"`, ssl: 'full' }])
})

test('a list of many pages is read whole, and no further', async () => {
  cloudflare.state.records = Array.from({ length: 250 }, (_, n) => aRecord(`n${n}.${zone}`, '192.0.2.1', '2026-01-01T00:00:00Z'))
  expect(await open().read.addresses()).toHaveLength(250)
})

test('an address is removed, put back with its comment and proxied; each a second time changes nothing', async () => {
  const { write, read } = open()
  const record = { name: api, type: 'A', address: first } as const
  await write.removeAddress(record)
  await write.removeAddress(record)
  expect(addressesOf(api)).not.toContain(`${first} true`)
  await write.addAddress({ ...record, comment: 'node 1' })
  await write.addAddress({ ...record, comment: 'node 1' })
  expect((await read.addresses([api])).filter(({ address }) => address === first)).toEqual([
    { ...record, proxied: true, comment: 'node 1' },
  ])
  cloudflare.state.records = cloudflare.state.records.map((one) => (one.content === first ? { ...one, proxied: false } : one))
  await write.proxyAddress(record)
  expect(addressesOf(api)).toContain(`${first} true`)
})

test('the last proxied address of a name stays, whatever asks', async () => {
  const { write } = open()
  const now = '2026-01-01T00:00:00Z'
  cloudflare.state.records = [aRecord(api, first, now), aRecord(api, '192.0.2.1', now, false)]
  expect((await troubleOf(write.removeAddress({ name: api, type: 'A', address: first }))).code).toBe('cloudflare-last-address')
  expect(cloudflare.state.records).toHaveLength(2)
})

test('a purge is sent as it was asked for, remembered, and never for a name outside the zone', async () => {
  const { write, read } = open()
  await write.purge({ urls: [`https://${api}/a`] })
  await write.purge({ hosts: [api] })
  expect((await troubleOf(write.purge({ urls: ['https://example.com/'] }))).code).toBe('cloudflare-foreign-purge')
  expect(cloudflare.state.purged).toEqual([
    { kind: 'files', what: [`https://${api}/a`] },
    { kind: 'hosts', what: [api] },
  ])
  expect(await read.purged()).toEqual([{ urls: [`https://${api}/a`] }, { hosts: [api] }])
})

test('a certificate is signed for a request and revoked', async () => {
  const { write, read } = open()
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await write.createOriginCertificate({ csr: requestFor(zone, pair), names: [zone], days: 90, key: 'ec' })
  const found = (await read.originCertificates()).find(({ certificate }) =>
    new X509Certificate(certificate).publicKey.equals(pair.publicKey),
  )
  expect(found?.names).toEqual([zone])
  await write.revokeOriginCertificate({ id: found?.id ?? '' })
  expect(await read.originCertificates()).toHaveLength(1)
})

test('a write is sent once, even where its answer is lost; a read is sent again', async () => {
  let writes = 0
  let reads = 0
  cloudflare.fail({
    match: ({ method, path }) => {
      if (method === 'POST') writes++
      if (path.endsWith('/dns_records') && method === 'GET') reads++
      return method === 'POST' || (path.endsWith('/dns_records') && reads === 1)
    },
    answer: 'server-error',
  })
  const { write, read } = open()
  expect((await troubleOf(write.purge({ hosts: [api] }))).code).toBe('cloudflare-server-error')
  expect(writes).toBe(1)
  expect(await read.addresses([api])).toHaveLength(3)
})

test.each([
  ['silence', 'cloudflare-silent'],
  ['reset', 'cloudflare-unreachable'],
  ['too-many', 'cloudflare-busy'],
  ['server-error', 'cloudflare-server-error'],
  ['html', 'cloudflare-server-error'],
] as const)('%s has its code', async (answer, code) => {
  cloudflare.fail({ answer })
  expect((await troubleOf(open(undefined, { timeout: 1000 }).read.zone())).code).toBe(code)
})

test('a token that is missing, wrong, or may not do it is told apart, and never shown', async () => {
  const wrong = await troubleOf(open(`x${planted.cloudflareToken}`).read.zone())
  const readOnly = open(planted.cloudflareReadToken)
  await readOnly.read.addresses()
  const forbidden = await troubleOf(readOnly.write.removeAddress({ name: api, type: 'A', address: first }))
  expect([wrong.code, forbidden.code]).toEqual(['cloudflare-forbidden', 'cloudflare-forbidden'])
  expect(forbidden.likely).toContain('"Zone – DNS – Edit"')
  expect((await troubleOf(open(undefined, { zone: 'example.com' }).read.zone())).code).toBe('cloudflare-no-zone')
  for (const trouble of [wrong, forbidden]) expect(JSON.stringify(trouble) + trouble.stack + String(trouble.cause)).not.toContain('PLANTED')
})

test('what Cloudflare says stands in the cause, its chain too', async () => {
  const { read } = open()
  const errors = [
    { code: 6003, message: 'Invalid request headers', error_chain: [{ code: 6111, message: 'Invalid format for Authorization header' }] },
  ]
  cloudflare.fail({ answer: new Refusal(400, errors) })
  await expect(read.addresses()).rejects.toMatchObject({
    likely: expect.stringMatching(/; Cloudflare says 6003: Invalid request headers \(6111: Invalid format for Authorization header\)$/),
  })
  cloudflare.reset()
  const elsewhere = 'Cannot use the access token from location: 198.51.100.7'
  cloudflare.fail({ answer: refuse(403, 9109, elsewhere) })
  const said = reasonOf(await troubleOf(open().read.addresses()))
  expect(said).toContain(`may not be used from this address; Cloudflare says 9109: ${elsewhere}`)
})

test('a record in the way is no fault of the token: the dashboard’s records are the way on, not a new token', async () => {
  const { write } = open()
  const record = { name: `new.${zone}`, type: 'A', address: first } as const
  const alias = { ...aRecord(record.name, 'elsewhere.example', '2026-01-01T00:00:00Z'), type: 'CNAME' }
  cloudflare.state.records = [...cloudflare.state.records, alias]
  const [there, token] = ['cloudflare-record-there', 'cloudflare-credentials']
  const met = await troubleOf(write.addAddress(record))
  expect([met.code, met.likely, met.next]).toEqual([
    there,
    expect.stringContaining('Cloudflare says 81054: A CNAME record with that host already exists.'),
    expect.stringContaining('DNS, Records'),
  ])
  const said = async (status: number, code: number, chain: readonly number[] = []) => {
    cloudflare.fail({
      answer: new Refusal(status, [{ code, message: 'no', error_chain: chain.map((one) => ({ code: one, message: 'no' })) }]),
    })
    const { code: ours, likely, next } = await troubleOf(open().read.addresses())
    cloudflare.reset()
    expect(likely).toContain(`Cloudflare says ${code}: no`)
    return [ours, /make a token/.test(next ?? '')]
  }
  expect(await said(400, 81053)).toEqual([there, false])
  expect(await said(400, 6003, [6111])).toEqual([token, true])
  expect(await said(400, 6003)).toEqual(['cloudflare-refused', false])
  expect(await said(400, 9005)).toEqual(['cloudflare-refused', false])
})

test('of two zones of one name the active one is meant, and an alias is no address', async () => {
  const { state } = cloudflare
  state.otherZones = [{ ...state.zone, id: 'f'.repeat(32), status: 'moved' }]
  state.records = [...state.records, { ...aRecord('WWW.myhoneydue.com', 'MyHoneyDue.com', ''), type: 'CNAME' }]
  const { read, say } = open()
  expect(await read.zone()).toMatchObject({ id: state.zone.id, status: 'active' })
  expect(await read.aliases()).toEqual([{ name: 'www.myhoneydue.com', target: 'myhoneydue.com', proxied: true }])
  expect((await read.addresses()).some(({ name }) => name.startsWith('www'))).toBe(false)
  // The lines by hand ask Cloudflare itself for it.
  const [, query = ''] = /'\/zones(\?[^']*)'/.exec((say.purge({ hosts: [api] }).before ?? []).join('\n')) ?? []
  expect(listZones(state, new URLSearchParams(query)).result).toMatchObject([{ id: state.zone.id }])
})

test('a stray variable of the SDK leads nowhere else', async () => {
  process.env.CLOUDFLARE_BASE_URL = 'https://127.0.0.1:1'
  process.env.CLOUDFLARE_API_KEY = 'stray'
  try {
    expect((await open().read.zone()).name).toBe(zone)
  } finally {
    delete process.env.CLOUDFLARE_BASE_URL
    delete process.env.CLOUDFLARE_API_KEY
  }
})

test('an abort ends a call with its own reason', async () => {
  cloudflare.fail({ answer: 'silence' })
  const ending = new AbortController()
  const asked = open(undefined, { signal: ending.signal }).read.zone()
  setTimeout(() => ending.abort(new Error('stop')), 50)
  await expect(asked).rejects.toThrow('stop')
})

test('an answer without end is given up long before its time is', async () => {
  const authority = createAuthority('endless')
  const own = join(dir, 'endless.crt')
  writeFileSync(own, authority.certificate)
  const names = ['api.cloudflare.com']
  const endless = await serveHttps(
    authority.issue({ commonName: 'api.cloudflare.com', names }),
    () => 'no end',
    () => {},
  )
  const hostaddr = { 'api.cloudflare.com': `127.0.0.1:${endless.port}` }
  const trouble = await troubleOf(open(undefined, { hostaddr, caFile: own, timeout: 300_000 }).read.zone())
  await endless.stop()
  expect(trouble.code).toBe('cloudflare-too-long')
})
