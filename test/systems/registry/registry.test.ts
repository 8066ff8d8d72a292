import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { credentialsFor } from '../../../src/lib/docker-config.ts'
import { Trouble } from '../../../src/lib/errors.ts'
import { referenceOf } from '../../../src/lib/image-reference.ts'
import { image, namespace, registryHost, tags } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted, plantedValues } from '../../../src/lib/sandbox/deployment/planted.ts'
import { manifestOf } from '../../../src/lib/sandbox/registry/manifest.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import type { RegistryOptions } from '../../../src/lib/systems/registry/read-registry.ts'
import { registrySystem } from '../../../src/lib/systems/registry/registry.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox()
const own = new Secret(`admin:${planted.registryPassword}`)
const open = (more: Partial<RegistryOptions> = {}) =>
  registrySystem({
    hostaddr: sandbox().environment.hostaddr,
    caFile: `${sandbox().dir}/ca.crt`,
    credentials: async () => own,
    ...more,
  }).read
const troubleOf = (asked: Promise<unknown>): Promise<Trouble> =>
  asked.then(
    (answer) => {
      throw new Error(`it answered ${answer}`)
    },
    (error: unknown) => {
      if (!(error instanceof Trouble)) throw error
      expect(plantedValues.filter((value) => JSON.stringify([error, error.failed, error.likely, error.next]).includes(value))).toEqual([])
      return error
    },
  )
const codeOf = async (asked: Promise<unknown>): Promise<string> => (await troubleOf(asked)).code

test('an image that is there has its digest, by tag and by digest; one that is not has none', async () => {
  const { digest } = manifestOf('admin/honeydue-api', tags.goose)
  expect(await open().digest(image('api'))).toBe(digest)
  expect(await open().digest(`${registryHost}/admin/honeydue-api@${digest}`)).toBe(digest)
  expect(await open().digest(image('api', 'fffffff'))).toBeUndefined()
  expect(await open().digest(image('nothing'))).toBeUndefined()
  sandbox().registry.lacking.add(image('api'))
  expect(await open().digest(image('api'))).toBeUndefined()
})

test('images that are asked for together ask for credentials and for a token once, and those that come later anew', async () => {
  let [asked, tokens] = [0, 0]
  const heard = (message: unknown) => {
    if ((message as { request: { path: string } }).request.path.startsWith('/v2/token')) tokens++
  }
  subscribe('http.client.request.start', heard)
  const registry = open({
    credentials: async () => {
      asked++
      // As long as the API server may take: all four are refused by the registry meanwhile.
      await systemClock.sleep(500)
      return own
    },
  })
  for (const times of [1, 2]) {
    const digests = await Promise.all(['api', 'worker', 'web', 'admin'].map((name) => registry.digest(image(name))))
    expect(new Set(digests).size).toBe(4)
    expect([asked, tokens]).toEqual([times, times])
  }
  unsubscribe('http.client.request.start', heard)
})

test('the pull secret that the live api Deployment names opens it, whatever its name', async () => {
  const { kubernetes, environment } = sandbox()
  const [deployments, secrets] = [
    { group: 'apps', resource: 'deployments' },
    { group: '', resource: 'secrets' },
  ]
  const asked = async () => {
    const systems = openSystems(environment, systemClock, new AbortController().signal)
    try {
      return await systems.registry.read.digest(image('api'))
    } finally {
      await systems.close()
    }
  }
  const named = (names: readonly string[]) =>
    kubernetes.client.update(deployments, 'api', namespace, (draft) => {
      const { template } = draft.spec as { readonly template: { readonly spec: { imagePullSecrets: object[] } } }
      template.spec.imagePullSecrets = names.map((name) => ({ name }))
    })
  const found = kubernetes.client.get(secrets, 'gitea-credentials', namespace)
  expect(await asked()).toMatch(/^sha256:/)
  named(['not-there', 'ghcr-credentials'])
  expect((await troubleOf(asked())).likely).toContain('no credentials')
  const { type, data } = found as unknown as { readonly type: string; readonly data: object }
  kubernetes.client.create({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'ghcr-credentials', namespace }, type, data })
  expect(await asked()).toMatch(/^sha256:/)
})

test('credentials are found by the host, in each way that a docker config has them', () => {
  const auth = Buffer.from('a:b:c').toString('base64')
  const of = (auths: object, host = 'r.example') => credentialsFor(host, new Secret(JSON.stringify({ auths })))?.reveal()
  expect(of({ 'r.example': { username: 'a', password: 'b' } })).toBe('a:b')
  expect(of({ 'https://r.example/v1/': { auth } })).toBe('a:b:c')
  expect(of({ 'r.example:5000': { auth } }, 'r.example:5000')).toBe('a:b:c')
  expect(of({ 'r.example:5000': { auth }, 'other.example': { auth } })).toBeUndefined()
  expect(credentialsFor('r.example', new Secret('no JSON'))).toBeUndefined()
})

test('an image is taken apart as a kubelet does it', () => {
  expect(referenceOf('r.example:5000/a/b:c')).toEqual({ host: 'r.example:5000', name: 'a/b', version: 'c' })
  expect(referenceOf('r.example/a')?.version).toBe('latest')
  const digest = `sha256:${'0'.repeat(64)}`
  expect(referenceOf(`r.example/a:b@${digest}`)?.version).toBe(digest)
  expect([referenceOf('redis:7-alpine'), referenceOf('rancher/traefik:3')]).toEqual([undefined, undefined])
})

test('wrong credentials, and none, are refused with their own words', async () => {
  const wrong = await troubleOf(open({ credentials: async () => new Secret('admin:PLANTED-wrong') }).digest(image('api')))
  expect([wrong.code, wrong.likely, JSON.stringify(wrong).includes('PLANTED')]).toEqual([
    'registry-forbidden',
    expect.stringContaining('not accepted'),
    false,
  ])
  const none = await troubleOf(open({ credentials: async () => undefined }).digest(image('api')))
  expect([none.code, none.likely]).toEqual(['registry-forbidden', expect.stringContaining('no credentials')])
})

test('each way of not answering has its code, none waits for ever, and a 404 of anything else is no answer', async () => {
  const { registry } = sandbox()
  const codes = {
    reset: 'registry-unreachable',
    'server-error': 'registry-server-error',
    'not found page': 'registry-no-registry',
  } as const
  for (const [trouble, code] of Object.entries(codes)) {
    registry.trouble = trouble as keyof typeof codes
    expect([trouble, await codeOf(open().digest(image('api')))]).toEqual([trouble, code])
  }
  registry.trouble = 'silence'
  expect(await codeOf(open({ timeout: 200 }).digest(image('api')))).toBe('registry-silent')
  const closed = createServer().listen(0, '127.0.0.1')
  await once(closed, 'listening')
  const { port } = closed.address() as AddressInfo
  closed.close()
  expect(await codeOf(open({ hostaddr: { [registryHost]: `127.0.0.1:${port}` } }).digest(image('api')))).toBe('registry-unreachable')
  expect(
    await codeOf(registrySystem({ hostaddr: sandbox().environment.hostaddr, credentials: async () => own }).read.digest(image('api'))),
  ).toBe('registry-tls')
  expect(await codeOf(open().digest('redis:7-alpine'))).toBe('registry-unnamed')
})

test('tags are read page by page to the end, though every page names a next one', async () => {
  const { registry } = sandbox()
  const many = Array.from({ length: 250 }, (_, i) => (0x1000000 + i).toString(16))
  for (const tag of many) registry.push(image('web', tag))
  expect(await open().tags(image('web'))).toEqual([tags.goose, tags.autoMigrate, ...many].sort())
  expect(await open().tags(image('nothing'))).toBeUndefined()
})

test('a node that is away is no registry that is away, and no node gives credentials to anybody else', async () => {
  const systems = openSystems(sandbox().environment, systemClock, new AbortController().signal)
  try {
    const { registry } = systems
    const from = (node: string) => registry.read.toldTo({ secret: 'gitea-credentials', node }, image('api'))
    expect(await from('hetzner1')).toMatch(/^sha256:/)
    expect(await codeOf(registry.read.toldTo({ node: 'hetzner1' }, image('api')))).toBe('registry-forbidden')
    sandbox().registry.trouble = 'not found page'
    expect(await codeOf(from('hetzner1'))).toBe('registry-no-registry')
    await sandbox().nodes.setUp('hetzner2', false)
    expect(await codeOf(from('hetzner2'))).toMatch(/^ssh-/)
  } finally {
    await systems.close()
  }
})
