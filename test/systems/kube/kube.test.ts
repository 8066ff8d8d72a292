import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { Unreachable } from '../../../src/lib/errors.ts'
import { lackedByRight } from '../../../src/lib/facts/cluster/rights.ts'
import { namespace } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { Fault } from '../../../src/lib/sandbox/kubernetes/types.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { kubeSystem } from '../../../src/lib/systems/kube/kube.ts'

let sandbox: Sandbox
let dir: string
beforeAll(async () => {
  sandbox = await startSandbox({ postgres: false })
  dir = mkdtempSync(join(tmpdir(), 'kube-'))
})
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true })
  await sandbox.stop()
})

const open = (kubeconfigs: readonly string[] = [join(sandbox.dir, 'admin.kubeconfig')]) =>
  kubeSystem({ kubeconfigs, controlPlane: [], clock: systemClock, timeout: 300 })

/** The code of the trouble that listing nodes ends in. */
const codeOf = async (kube: ReturnType<typeof open>): Promise<string> => {
  try {
    await kube.read.nodes()
    return 'none'
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    return error.code
  } finally {
    await kube.close()
  }
}

test('reads the deployment and says which cluster answered', async () => {
  const kube = open()
  const cluster = await kube.read.cluster()
  expect(cluster).toMatchObject({ kubeconfig: join(sandbox.dir, 'admin.kubeconfig'), server: sandbox.kubernetes.url, fellOver: false })
  expect(await kube.read.nodes()).toHaveLength(3)
  const { fingerprint256 } = new X509Certificate(readFileSync(join(sandbox.dir, 'ca.crt')))
  const [reached] = (await kube.reached?.()) ?? []
  expect(reached?.line).toBe(
    `cluster ${cluster.context} at ${sandbox.kubernetes.url}, CA ${fingerprint256.slice(0, 23)}, from ${join(sandbox.dir, 'admin.kubeconfig')}`,
  )
  const silent = open()
  expect(await silent.reached?.()).toEqual([])
  await silent.close()
  expect((await kube.read.configMap(namespace, 'honeydue-config'))?.DB_HOST).toBeTruthy()
  expect(await kube.read.configMap(namespace, 'no-such-map')).toBeUndefined()
  await kube.close()
})

test('pods are counted by node without being read: those that have ended are not, and one that has no node yet is of none', async () => {
  const kube = open()
  const { client } = sandbox.kubernetes
  const pod = (name: string, spec: object) =>
    client.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: { containers: [{ name: 'main', image: 'registry.test/counted:1' }], ...spec },
    })
  const counts = async () => new Map(await kube.read.podsPerNode())
  const held = async () => {
    const [nodes, pods] = await Promise.all([kube.read.nodes(), kube.read.pods()])
    const running = pods.filter(({ status }) => !['Succeeded', 'Failed'].includes(status.phase))
    return new Map(
      nodes.flatMap(({ metadata: { name } }) => {
        const count = running.filter(({ spec }) => spec.nodeName === name).length
        return count === 0 ? [] : [[name, count] as const]
      }),
    )
  }
  expect(await counts()).toEqual(await held())
  const [node] = await kube.read.nodes()
  pod('ended', { nodeName: node?.metadata.name })
  client.update({ group: '', resource: 'pods' }, 'ended', namespace, (draft) => Object.assign(draft, { status: { phase: 'Succeeded' } }), {
    subresource: 'status',
  })
  pod('without-node', { nodeSelector: { 'honeydue.test/nowhere': 'true' } })
  const [now, those] = [await counts(), await held()]
  expect(now.size).toBe(those.size)
  expect(now).toEqual(those)
  for (const name of ['ended', 'without-node']) client.delete({ group: '', resource: 'pods' }, name, namespace)
  await kube.close()
})

test('a watch tells of what is there and of what changes, until its signal; what may not be watched is refused', async () => {
  const kube = open()
  const { client } = sandbox.kubernetes
  const stop = new AbortController()
  let told = 0
  let heard = () => {}
  const next = () =>
    new Promise<void>((resolve) => {
      heard = resolve
    })
  const first = next()
  const watch = kube.read.watch(
    'ConfigMap',
    { namespace, fields: 'metadata.name=honeydue-config' },
    () => {
      told++
      heard()
    },
    stop.signal,
  )
  watch.catch(() => {})
  await first
  const before = told
  const second = next()
  client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) =>
    Object.assign(draft.metadata, { labels: { seen: 'yes' } }),
  )
  await second
  expect(told).toBeGreaterThan(before)
  stop.abort(new Error('enough'))
  await expect(watch).rejects.toThrow('enough')
  client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) =>
    Object.assign(draft.metadata, { labels: {} }),
  )
  await kube.close()
  const viewer = open([join(sandbox.dir, 'viewer.kubeconfig')])
  await expect(viewer.read.watch('Lease', { namespace }, () => {}, new AbortController().signal)).rejects.toMatchObject({ exitCode: 9 })
  await viewer.close()
})

test('who we are and what we may do: an administrator lacks nothing, a viewer without rights all of it', async () => {
  const [admin, viewer] = [open(), open([join(sandbox.dir, 'viewer.kubeconfig')])]
  const [all, none] = await Promise.all([admin.read.rights(namespace), viewer.read.rights(namespace)])
  expect([all.whole, lackedByRight(all)]).toEqual([true, []])
  expect([none.user, none.whole]).toEqual(['viewer', true])
  expect(lackedByRight(none).flatMap(({ procedures }) => procedures)).toContain('deploy:restart')
  await Promise.all([admin.close(), viewer.close()])
})

test('forwards a port to a ready pod of a Deployment', async () => {
  const kube = open()
  const stream = await kube.read.forward({ namespace, deployment: 'redis', port: 6379 })
  const answer = new Promise<string>((resolve, reject) => {
    stream.once('data', (chunk: Buffer) => resolve(chunk.toString()))
    stream.once('error', reject)
  })
  stream.write('PING\r\n')
  expect(await answer).toMatch(/^(\+PONG|-NOAUTH)/)
  await kube.close()
  await expect(open().read.forward({ namespace, deployment: 'nothing', port: 1 })).rejects.toMatchObject({ code: 'kube-no-deployment' })
})

const answers: readonly (readonly [string, Fault['answer'], string])[] = [
  ['401', { status: 401 }, 'kube-credentials'],
  ['403', { status: 403 }, 'kube-forbidden'],
  ['429', { status: 429 }, 'kube-busy'],
  ['500', { status: 500 }, 'kube-server-error'],
  ['a page of HTML', { status: 200, body: '<html>sign in</html>' }, 'kube-not-kubernetes'],
  ['a cut connection', 'reset', 'kube-unreachable'],
  ['silence', 'silence', 'kube-silent'],
]
test.each(answers)('%s is unreachable, by its code', async (_, answer, code) => {
  const heal = sandbox.kubernetes.fail(answer === undefined ? {} : { answer })
  try {
    expect(await codeOf(open())).toBe(code)
  } finally {
    heal()
  }
})

test('a kubeconfig that is missing, malformed or of another authority is named', async () => {
  expect(await codeOf(open([join(dir, 'absent')]))).toBe('kube-no-kubeconfig')
  const malformed = join(dir, 'malformed')
  writeFileSync(malformed, 'clusters: [')
  expect(await codeOf(open([malformed]))).toBe('kube-kubeconfig')
  const untrusting = join(dir, 'untrusting')
  const text = readFileSync(join(sandbox.dir, 'admin.kubeconfig'), 'utf8')
  writeFileSync(untrusting, text.replace(/certificate-authority(-data)?: .*/, ''))
  expect(await codeOf(open([untrusting]))).toBe('kube-tls')
})
