import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { Trouble } from '../../../src/lib/errors.ts'
import { barredFrom } from '../../../src/lib/facts/observability/egress.ts'
import { endServer, listenOnLoopback } from '../../../src/lib/sandbox/loopback.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { asker } from '../../../src/lib/systems/json-asker.ts'
import { countedIn } from '../../../src/lib/systems/metrics/exposition.ts'

let server: ReturnType<typeof createServer> | undefined
afterEach(async () => {
  if (server) await endServer(server)
  server = undefined
})
const serving = async (status: number, body: string, headers = {}) => {
  const seen: (string | undefined)[] = []
  server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(status, headers).end(body)
  })
  return { url: new URL(`http://127.0.0.1:${await listenOnLoopback(server)}/api/v1/query`), seen }
}
const ask = asker({ code: 'metrics', called: 'The store at' })
const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => 'an answer',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

test('lines of a page of counters, as vmagent 1.151 writes them', () => {
  const page = [
    '# HELP x y',
    'vmagent_remotewrite_requests_total{url="1:secret-url", status_code="2XX"} 12',
    'vmagent_remotewrite_pending_data_bytes{path="/tmp/a \\"b\\" {c}", url="1:secret-url"} 1.5e3',
    'go_goroutines 7',
    'no line at all',
    'x NaN',
  ].join('\n')
  expect(countedIn(page)).toEqual([
    { name: 'vmagent_remotewrite_requests_total', labels: { url: '1:secret-url', status_code: '2XX' }, value: 12 },
    { name: 'vmagent_remotewrite_pending_data_bytes', labels: { path: '/tmp/a "b" {c}', url: '1:secret-url' }, value: 1500 },
    { name: 'go_goroutines', labels: {}, value: 7 },
  ])
})

test('a forwarded port of this machine is asked in the clear, and no other place is', async () => {
  const { url, seen } = await serving(200, '{"status":"success"}')
  expect(await ask.json(url, new Secret('a-token'))).toEqual({ status: 'success' })
  expect(seen).toEqual(['Bearer a-token'])
  expect(await codeOf(ask.json(new URL('http://obs.example.com/'), new Secret('a-token')))).toBe('metrics-plain')
})

test.each([
  [401, '', 'metrics-refused'],
  [403, '{}', 'metrics-refused'],
  [502, '<html>', 'metrics-server-error'],
  [404, '{"data":null}', 'metrics-other'],
  [302, '', 'metrics-other'],
  [200, '<html>a login</html>', 'metrics-other'],
  [200, '7', 'metrics-other'],
])('%i with %j is no answer of a store: %s', async (status, body, code) => {
  const { url } = await serving(status, body, { location: 'https://elsewhere.example.com/' })
  expect(await codeOf(ask.json(url, new Secret('a-token')))).toBe(code)
})

test('an answer that does not end is cut off at eight megabytes', async () => {
  const { url } = await serving(200, JSON.stringify('x'.repeat(9 * 1024 * 1024)))
  expect(await codeOf(ask.json(url))).toBe('metrics-too-long')
})

const policy = (spec: object) => ({ metadata: { name: 'one' }, spec })
const labels = { app: 'vmagent' }
const to = (...ports: readonly object[]) => [{ ports }]
test.each([
  ['no policy', [], []],
  ['one of other pods', [policy({ podSelector: { matchLabels: { app: 'api' } }, policyTypes: ['Egress'] })], []],
  ['one that says nothing of egress', [policy({ podSelector: {}, policyTypes: ['Ingress'] })], []],
  ['one that lets nothing out', [policy({ podSelector: {}, policyTypes: ['Egress'] })], ['one']],
  ['one that lets another port out', [policy({ podSelector: {}, egress: to({ port: 8000 }) })], ['one']],
  ['over UDP alone', [policy({ podSelector: {}, egress: to({ port: 443, protocol: 'UDP' }) })], ['one']],
  ['a range', [policy({ podSelector: {}, egress: to({ port: 400, endPort: 500 }) })], []],
  ['every port', [policy({ podSelector: {}, egress: [{}] })], []],
  [
    'one bars and another opens',
    [policy({ podSelector: {}, policyTypes: ['Egress'] }), policy({ podSelector: { matchLabels: labels }, egress: to({ port: 443 }) })],
    [],
  ],
  [
    'by expressions',
    [
      policy({
        podSelector: {
          matchExpressions: [
            { key: 'app', operator: 'In', values: ['vmagent'] },
            { key: 'x', operator: 'DoesNotExist' },
          ],
        },
        policyTypes: ['Egress'],
      }),
    ],
    ['one'],
  ],
])('who is kept from 443: %s', (_, policies, barred) => {
  expect(barredFrom(443, labels, policies)).toEqual(barred)
})
