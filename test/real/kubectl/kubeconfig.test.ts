import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { kubeconfig } from '../../../src/lib/sandbox/kubeconfig.ts'
import { startKubernetes } from '../../../src/lib/sandbox/kubernetes/kubernetes.ts'
import { installed } from '../../support/installed.ts'
import { samples, written } from '../../support/kubeconfigs.ts'
import { httpProxy, type OpenProxy, socksProxy } from '../../support/proxies.ts'

// What honeydue does with the same files is in test/systems/kube/kubeconfig.test.ts: kubectl is the judge of both.
const token = 'a-token-of-the-administrator'
let folder: string
let lists: ReadonlyMap<string, readonly string[]>
let proxies: readonly OpenProxy[]
let stop: () => Promise<void>
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
  const authority = createAuthority('kubernetes')
  const server = await startKubernetes({
    authority,
    nodes: [{ name: 'one', address: '127.0.0.1', up: () => true }],
    tokens: { [token]: { name: 'admin', groups: ['system:masters'] } },
  })
  const from = join(folder, 'admin.yaml')
  const administrator = authority.issue({ commonName: 'admin', organizations: ['system:masters'] })
  writeFileSync(from, kubeconfig({ server: server.url, ca: authority.certificate }, 'admin', administrator))
  const [http, socks] = await Promise.all([httpProxy(), socksProxy()])
  proxies = [http, socks]
  const given = { kubeconfig: from, token, proxies: { http: http.url, socks: socks.url } }
  lists = new Map(samples.map((sample) => [sample.name, written(sample, folder, given)]))
  stop = () => server.stop()
})
afterAll(async () => {
  for (const proxy of proxies) proxy.close()
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Whether kubectl gets the nodes with these files. */
const gets = (files: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: files.join(':') }
    execFile(
      installed('kubectl', 'kubectl'),
      ['get', 'nodes', '-o', 'name', '--request-timeout=5s'],
      { env, timeout: 20_000 },
      (error, stdout) => resolve(!error && stdout.trim() === 'node/one'),
    )
  })

test.each(samples)('kubectl and $name', async ({ name, gets: expected }) => {
  expect(await gets(lists.get(name) ?? [])).toBe(expected)
})
