import { X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { type Sandbox, startSandbox } from '../../src/lib/sandbox/sandbox.ts'

const configMaps = { group: '', resource: 'configmaps' }
const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }

let sandbox: Sandbox
beforeAll(async () => {
  const began = performance.now()
  sandbox = await startSandbox()
  process.stderr.write(`sandbox started in ${Math.round(performance.now() - began)} ms\n`)
})
afterAll(() => sandbox.stop())

const health = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request(
      `${sandbox.urls.api}/api/health/`,
      { ca: readFileSync(join(sandbox.dir, 'ca.crt')), agent: false },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      },
    )
    asked.on('error', reject).end()
  })
const dbHost = (of = sandbox) =>
  (of.kubernetes.client.get(configMaps, 'honeydue-config', namespace)?.data as Record<string, string> | undefined)?.DB_HOST
const setHost = (host: string, of = sandbox) =>
  of.kubernetes.client.update(configMaps, 'honeydue-config', namespace, (draft) => {
    ;(draft.data as Record<string, string>).DB_HOST = host
  })

test('the workloads of the deployment stand rolled out from the start', () => {
  const replicas = Object.fromEntries(
    sandbox.kubernetes.client
      .list(deployments, { namespace })
      .map((one) => [one.metadata.name, (one.status as { readonly readyReplicas?: number }).readyReplicas]),
  )
  expect(replicas).toEqual({ admin: 1, api: 3, redis: 1, vmagent: 1, web: 3, worker: 1 })
  const redis = sandbox.kubernetes.client.list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'redis' } })
  expect(redis.map((pod) => (pod.spec as { readonly nodeName?: string }).nodeName)).toEqual(['ubuntu-8gb-nbg1-2'])
})

test('the nodes are those of the book', () => {
  const found = sandbox.kubernetes.client.list({ group: '', resource: 'nodes' }).map((node) => {
    const status = node.status as {
      readonly addresses: readonly { readonly type: string; readonly address: string }[]
      readonly nodeInfo: { readonly kubeletVersion: string }
    }
    return [node.metadata.name, status.addresses.find(({ type }) => type === 'InternalIP')?.address, status.nodeInfo.kubeletVersion]
  })
  expect(found).toEqual([
    ['ubuntu-8gb-nbg1-1', '178.105.32.198', 'v1.34.6+k3s1'],
    ['ubuntu-8gb-nbg1-2', '178.104.247.152', 'v1.34.6+k3s1'],
    ['ubuntu-8gb-nbg1-3', '178.104.249.189', 'v1.34.6+k3s1'],
  ])
})

test('the health endpoint answers as the api pods are', async () => {
  expect(await health()).toBe(200)
  for (const pod of sandbox.kubernetes.client.list(pods, { namespace, labels: { 'app.kubernetes.io/name': 'api' } }))
    sandbox.kubernetes.client.update(
      pods,
      pod.metadata.name,
      namespace,
      (draft) => {
        const conditions = (draft.status as { conditions: { type: string; status: string }[] }).conditions
        for (const one of conditions) if (one.type === 'Ready') one.status = 'False'
      },
      { subresource: 'status' },
    )
  expect(await health()).toBe(503)
  await sandbox.reset()
  expect(await health()).toBe(200)
})

test('reset brings everything back', async () => {
  setHost(hosts.direct)
  expect(dbHost()).toBe(hosts.direct)
  const leading = ['admin.kubeconfig', 'viewer.kubeconfig', 'environment.yaml', 'cloudflare-token'].map((name) => join(sandbox.dir, name))
  const texts = leading.map((path) => readFileSync(path, 'utf8'))
  for (const path of leading) writeFileSync(path, 'written over')
  const began = performance.now()
  await sandbox.reset()
  process.stderr.write(`sandbox reset in ${Math.round(performance.now() - began)} ms\n`)
  expect(dbHost()).toBe(hosts.pooler)
  expect(leading.map((path) => readFileSync(path, 'utf8'))).toEqual(texts)
})

test('two run at once, and know nothing of each other', async () => {
  const other = await startSandbox()
  try {
    setHost(hosts.direct, other)
    expect(dbHost()).toBe(hosts.pooler)
    expect(new Set([...other.nodes.nodes, ...sandbox.nodes.nodes].map(({ port }) => port)).size).toBe(6)
  } finally {
    await other.stop()
  }
})

test('viewer.kubeconfig is a user without rights, and the checkout holds one scalar that is the DB host', () => {
  const config = parse(readFileSync(join(sandbox.dir, 'viewer.kubeconfig'), 'utf8')) as {
    readonly users: readonly [{ readonly user: Record<string, string> }]
  }
  const certificate = new X509Certificate(Buffer.from(config.users[0].user['client-certificate-data'] ?? '', 'base64'))
  expect(certificate.subject).toBe('O=viewers\nCN=viewer')
  expect(readFileSync(join(sandbox.dir, 'checkout/deploy-k3s/config.yaml'), 'utf8').split(hosts.pooler)).toHaveLength(2)
})

test('environment.yaml is an environment of the program', () => {
  expect(sandbox.environment).toMatchObject({
    name: 'sandbox',
    kubeconfig: [join(sandbox.dir, 'admin.kubeconfig')],
    ssh: { config: sandbox.nodes.configFile },
    hostaddr: { [hosts.pooler]: `127.0.0.1:${sandbox.postgres.port}` },
  })
})

test('stop leaves no folder, no open handle and no child process', async () => {
  const count = (kind: RegExp) => process.getActiveResourcesInfo().filter((name) => kind.test(name)).length
  // The test runner has a timer of its own, which may end meanwhile.
  const handles = () => ({ sockets: count(/TCP|Pipe|TLS/), processes: count(/Process/) })
  const before = handles()
  const timers = count(/Timeout/)
  const own = await startSandbox()
  await own.stop()
  expect(existsSync(own.dir)).toBe(false)
  // Closed sockets leave on the next turns of the event loop.
  for (let turn = 0; turn < 200 && (handles().sockets > before.sockets || count(/Timeout/) > timers); turn++)
    await new Promise((resolve) => setImmediate(resolve))
  expect(handles()).toEqual(before)
  expect(count(/Timeout/)).toBeLessThanOrEqual(timers)
})
