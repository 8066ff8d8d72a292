import https from 'node:https'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { startApiServer } from '../../../src/lib/sandbox/kubernetes/api-server.ts'
import { resources } from '../../../src/lib/sandbox/kubernetes/resources.ts'
import type { KubernetesSandbox } from '../../../src/lib/sandbox/kubernetes/types.ts'

// The server alone: what runs on top of it is tested with it.
const idle = () => ({
  log: (_: unknown, response: { end(): void }) => response.end(),
  connect: () => {},
  evict: () => {},
  settle: () => {},
  reset: () => {},
  stop: () => {},
})
const count = Number(process.env['HONEYDUE_FUZZ_REQUESTS'] ?? 2000)
const seed = Number(process.env['HONEYDUE_FUZZ_SEED'] ?? 1)
const authority = createAuthority('kubernetes')
const identity = authority.issue({ commonName: 'admin', organizations: ['system:masters'] })
const agent = new https.Agent({ keepAlive: true, maxSockets: 8, ca: authority.certificate, cert: identity.certificate, key: identity.key })
let server: KubernetesSandbox

beforeAll(async () => {
  server = await startApiServer({ authority, nodes: [] }, idle)
})
afterAll(async () => {
  agent.destroy()
  await server.stop()
})

/** mulberry32: the same requests for the same seed. */
function random(state: number): () => number {
  let a = state
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const next = random(seed)
const pick = <T>(...of: readonly T[]): T => of[Math.floor(next() * of.length)] as T
const keys = [
  'metadata',
  'spec',
  'status',
  'name',
  'namespace',
  'labels',
  'annotations',
  'data',
  'stringData',
  'template',
  'containers',
  'image',
  'replicas',
  'selector',
  'matchLabels',
  'rules',
  'verbs',
  'subjects',
  'roleRef',
  'managedFields',
  'finalizers',
  'ownerReferences',
  'resourceVersion',
  'ports',
  'env',
  'strategy',
  '$patch',
  '$setElementOrder/containers',
  '$retainKeys',
  '__proto__',
  'constructor',
  'creationTimestamp',
  'uid',
  'kind',
  'apiVersion',
  'propagationPolicy',
  'preconditions',
  'deleteOptions',
  'dryRun',
]
function junk(depth: number): unknown {
  const roll = next()
  if (depth <= 0 || roll < 0.3)
    return pick<unknown>(
      'a',
      '',
      'x'.repeat(300),
      0,
      -1,
      1.5,
      1e300,
      true,
      null,
      '2026-01-01T00:00:00Z',
      '25%',
      'replace',
      'delete',
      '\u0000é💥',
    )
  if (roll < 0.45) return Array.from({ length: Math.floor(next() * 4) }, () => junk(depth - 1))
  return Object.fromEntries(Array.from({ length: Math.floor(next() * 5) }, () => [pick(...keys), junk(depth - 1)]))
}
function body(): string | undefined {
  const roll = next()
  if (roll < 0.1) return undefined
  if (roll < 0.2) return pick('', '{', '[]', 'null', '"x"', '{"a":', '- a: [', 'a: &a [*a]', '['.repeat(5000))
  if (roll < 0.3)
    return JSON.stringify(
      Array.from({ length: 3 }, () => ({
        op: pick('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path: pick('', '/', '/spec', '/metadata/labels/a~1b', '/spec/containers/-', '/__proto__/x', 'x', '/metadata'),
        from: pick('/spec', '', '/metadata'),
        value: junk(2),
      })),
    )
  const whole = {
    ...(junk(3) as object),
    ...(next() < 0.5 ? { metadata: { name: pick('a', 'b', 'c'), ...(next() < 0.3 ? (junk(2) as object) : {}) } } : {}),
  }
  return JSON.stringify(whole)
}
function path(): string {
  const resource = pick(...resources)
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const home = resource.namespaced && next() < 0.9 ? `/namespaces/${pick('default', 'kube-system', 'nowhere', '%00', '..')}` : ''
  const name = next() < 0.6 ? `/${pick('a', 'b', 'c', 'default', 'A_B', '%2F', '%E0%A4%A')}` : ''
  const sub =
    name !== '' && next() < 0.3 ? `/${pick('status', 'scale', 'log', 'exec', 'eviction', 'binding', 'finalize', 'x', 'portforward')}` : ''
  const plain =
    next() < 0.05
      ? pick(
          '/',
          '/api',
          '/apis',
          '/apis/x',
          '/version',
          '/openapi/v2',
          '/openapi/v3',
          '/openapi/v3/apis/apps/v1',
          '/readyz?verbose',
          '/%',
          '//',
        )
      : `${root}${home}/${resource.resource}${name}${sub}`
  const option = () =>
    `${pick('labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'dryRun', 'fieldManager', 'fieldValidation', 'force', 'propagationPolicy', 'gracePeriodSeconds', 'tailLines', 'sendInitialEvents', 'resourceVersionMatch')}=${pick('All', 'a', 'a%3Db', '!', 'a%20in%20(', '-1', '0', '1', '99999999999', 'Strict', 'true', 'Foreground', 'metadata.name%3Da', '%ff', '')}`
  const watching = next() < 0.03 ? ['watch=1', 'timeoutSeconds=1'] : []
  const query = [...watching, ...Array.from({ length: Math.floor(next() * 3) }, option)].join('&')
  return query === '' ? plain : `${plain}${plain.includes('?') ? '&' : '?'}${query}`
}

function send(
  method: string,
  at: string,
  text: string | undefined,
  type: string,
  accept: string,
): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      {
        agent,
        host: '127.0.0.1',
        port: server.port,
        path: at,
        method,
        timeout: 10_000,
        headers: { Accept: accept, ...(text === undefined ? {} : { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) }) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }))
        response.on('error', reject)
      },
    )
    request.on('timeout', () => request.destroy(new Error(`no answer to ${method} ${at}`)))
    request.on('error', reject)
    request.end(text)
  })
}

it('nothing that a client sends crashes it, hangs it or makes it fail', { timeout: 300_000 }, async () => {
  const failures: string[] = []
  for (let sent = 0; sent < count; sent += 8)
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const method = pick('GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS')
        const at = path()
        const text = method === 'GET' || method === 'HEAD' ? undefined : body()
        const type = pick(
          'application/json',
          'application/json-patch+json',
          'application/merge-patch+json',
          'application/strategic-merge-patch+json',
          'application/apply-patch+yaml',
          'application/yaml',
          'text/plain',
        )
        const { status, text: answer } = await send(
          method,
          at,
          text,
          type,
          pick('application/json', '*/*', 'application/json;as=Table;v=v1;g=meta.k8s.io', 'application/yaml', 'text/csv'),
        )
        if (status >= 500 && status !== 504 && !/does not contain declared merge key|cannot merge a list of maps/.test(answer))
          failures.push(`${status} ${method} ${at} ${type} ${text?.slice(0, 300)} → ${answer.slice(0, 300)}`)
      }),
    )
  expect(failures).toEqual([])
  expect((await send('GET', '/readyz', undefined, '', '*/*')).text).toBe('ok')
})
