import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Unreachable } from '../../../src/lib/errors.ts'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import { kubeSystem } from '../../../src/lib/systems/kube/kube.ts'
import { samples, whole, written } from '../../support/kubeconfigs.ts'
import { httpProxy, type OpenProxy, socksProxy } from '../../support/proxies.ts'

const token = 'a-token-of-the-administrator'
let folder: string
let url: string
let from: string
let proxies: { readonly http: OpenProxy; readonly socks: OpenProxy }
let lists: ReadonlyMap<string, readonly string[]>
let stop: () => Promise<void>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  const authority = createAuthority('kubernetes')
  const server = await startKubernetes({
    authority,
    nodes: [{ name: 'one', address: '127.0.0.1', up: () => true }],
    tokens: { [token]: { name: 'admin', groups: ['system:masters'] } },
  })
  url = server.url
  from = join(folder, 'admin.yaml')
  const administrator = authority.issue({ commonName: 'admin', organizations: ['system:masters'] })
  writeFileSync(from, kubeconfig({ server: url, ca: authority.certificate }, 'admin', administrator))
  proxies = { http: await httpProxy(), socks: await socksProxy() }
  const given = { kubeconfig: from, token, proxies: { http: proxies.http.url, socks: proxies.socks.url } }
  lists = new Map(samples.map((sample) => [sample.name, written(sample, folder, given)]))
  stop = () => server.stop()
})
afterAll(async () => {
  proxies.http.close()
  proxies.socks.close()
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

const trouble = async (kubeconfigs: readonly string[]): Promise<Unreachable | undefined> => {
  const kube = kubeSystem({ kubeconfigs, controlPlane: [], clock: systemClock })
  try {
    expect((await kube.read.nodes()).map(({ metadata }) => metadata.name)).toEqual(['one'])
    return undefined
  } catch (error) {
    if (error instanceof Unreachable) return error
    throw error
  } finally {
    await kube.close()
  }
}
test.each(samples)('$name', async ({ name, gets }) => {
  const found = await trouble(lists.get(name) ?? [])
  expect(found === undefined, `${found?.code} ${found?.failed}: ${found?.likely}`).toBe(gets)
})

test('a proxy is used for the question and for a forward alike, and is asked for the server by its name', async () => {
  const before = proxies.http.asked.length
  await trouble(lists.get('a proxy for HTTP') ?? [])
  expect(proxies.http.asked.slice(before)).toEqual([new URL(url).host])
})

test('a program that is missing or fails is named, with its hint, and with nothing that looks like a secret', async () => {
  expect(await trouble(lists.get('a program that is not there') ?? [])).toMatchObject({
    code: 'kube-exec-missing',
    details: ['apt install it'],
    next: expect.stringMatching(/^kubectl --kubeconfig \S+ version$/),
  })
  expect(await trouble(lists.get('a program that fails') ?? [])).toMatchObject({
    code: 'kube-exec-failed',
    likely: 'It exited with 3: the session has expired',
  })
  const printed = await trouble(lists.get('a program that prints no credential') ?? [])
  expect(printed?.likely).toBe('What it printed is no ExecCredential')
})

const bombs: readonly (readonly [string, string])[] = [
  [
    'aliases that grow',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
      .split('')
      .map((key, i) => `${key}: &${key} [${`*${'abcdefg'[i]},`.repeat(9).slice(0, -1)}]`)
      .join('\n')}\ncurrent-context: x`,
  ],
  ['a list', '- 1\n- 2'],
  ['a number', '42'],
  ['clusters that are a text', 'clusters: all'],
  ['a name that is a number', 'clusters: [{name: 7}]'],
  ['a server that is a list', whole({ cluster: { server: ['https://x'] }, user: {} })],
  ['a server that is no address', whole({ cluster: { server: 'https://' }, user: {} })],
  ['a server of another scheme', whole({ cluster: { server: 'ssh://x' }, user: {} })],
  ['a token that is a mapping', whole({ cluster: { server: 'https://127.0.0.1:9' }, user: { token: { x: 1 } } })],
  ['groups that are a text', whole({ cluster: { server: 'https://127.0.0.1:9' }, user: { 'as-groups': 'all' } })],
  ['data that is no certificate', whole({ cluster: { server: 'https://127.0.0.1:9', 'certificate-authority-data': 'eA==' }, user: {} })],
  ['bytes', Buffer.from([0xff, 0xfe, 0, 1, 2]).toString('latin1')],
]

test.each(bombs)('%s is no kubeconfig, and no bug', async (name, content) => {
  const path = join(folder, `bad ${name}`)
  writeFileSync(path, content)
  expect((await trouble([path]))?.code).toMatch(/^kube-(kubeconfig|tls|unreachable)$/)
})
