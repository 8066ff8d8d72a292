import { expect, test } from 'vitest'
import { paint } from '../../src/lib/cli/render.ts'
import { renderTables } from '../../src/lib/cli/render-view.ts'
import { quantileOf } from '../../src/lib/facts/observability/histogram.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { latency } from '../../src/lib/reports/latency.ts'
import { barOf } from '../../src/lib/reports/observability/trace-table.ts'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import type { Part } from '../../src/lib/sandbox/observability/requests.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { eventually, useSandbox } from '../support/worlds.ts'

const sandbox = useSandbox()
const { systems } = useSystems(sandbox)

const look = (route?: string) =>
  latency.look({ route, since: 3_600_000 }, readersOf(systems(), latency.needs), contextOf(sandbox().environment))
const said = async (route?: string) => (await look(route)).findings.map(({ level, text, next }) => `${level}: ${text} → ${next}`)
const begun = () => {
  const { kubernetes, environmentOf } = sandbox()
  return eventually(async () =>
    kubernetes.client
      .list({ group: '', resource: 'pods' }, { namespace })
      .every(({ metadata: { name } }) => !name.startsWith('api') || environmentOf(name) !== undefined),
  )
}
const database = (name: string, from: number, took: number): Part => ({ name, from, took, tags: { 'db.system': 'postgresql' } })

test('quantiles are those of Prometheus: linear within a bucket, and above the last edge no number', () => {
  const edges = [
    [0.1, 10],
    [0.5, 90],
    [1, 100],
    [Number.POSITIVE_INFINITY, 100],
  ] as const
  expect(quantileOf(edges, 0.5)).toEqual({ value: 0.1 + 0.4 * (40 / 80), beyond: false })
  expect(quantileOf(edges, 0.95)).toEqual({ value: 0.75, beyond: false })
  expect(quantileOf([...edges.slice(0, 3), [Number.POSITIVE_INFINITY, 200]], 0.99)).toEqual({ value: 1, beyond: true })
  expect(quantileOf([[Number.POSITIVE_INFINITY, 0]], 0.5)).toBeUndefined()
  // Without its last bucket nobody knows how many there were.
  expect(quantileOf([[0.1, 10]], 0.5)).toBeUndefined()
})

test('a bar is as long as its span, where it was, and never nothing', () => {
  expect(barOf(0, 100, 100)).toBe('█'.repeat(24))
  expect(barOf(50, 25, 100)).toBe(`${'·'.repeat(12)}${'█'.repeat(6)}${'·'.repeat(6)}`)
  expect(barOf(100, 0, 100)).toBe(`${'·'.repeat(23)}█`)
  expect([barOf(0, 5, 0), barOf(-5, 500, 100)].map((bar) => bar.length)).toEqual([24, 24])
})

test('nobody asked for anything but the probes: that is said, and no number of theirs is shown', async () => {
  const { observability } = sandbox()
  observability.round()
  expect(await said()).toEqual(['warning: No request was counted in the last 1 h 0 min → honeydue observability:status'])
})

test('a slow route is named with where its time goes, in 80 columns and in words', async () => {
  await begun()
  const { observability } = sandbox()
  for (let i = 0; i < 20; i++) observability.request('/api/residences/', 40)
  for (let i = 0; i < 10; i++) observability.request('/api/tasks/', 1200)
  // Of those some are traced, without their parts.
  observability.traces = []
  observability.request('/api/tasks/', 2473, [
    database('SELECT tasks', 20, 1900),
    database('SELECT users', 1930, 300),
    database('SELECT users', 2240, 200),
  ])
  observability.request('/api/residences/', 120, [database('SELECT residences', 5, 100)])
  observability.round()
  const view = await look()
  expect(view.findings.map(({ level, text, next }) => `${level}: ${text} → ${next}`)).toEqual([
    expect.stringMatching(/^wrong: \/api\/tasks\/: one request of twenty takes 24\d\d ms or longer → honeydue db:status$/),
    'warning: The newest slow GET /api/tasks/ asked the database 3 times, 2473 ms in all → honeydue cache:status',
  ])
  expect(view.tables[0]?.rows).toEqual([
    ['/api/residences/', '21', expect.stringMatching(/^\d+ ms$/), expect.stringMatching(/^\d+ ms$/), expect.stringMatching(/^\d+ ms$/)],
    ['/api/tasks/', '11', expect.stringMatching(/^1\d\d\d ms$/), expect.stringMatching(/^\d+ ms$/), expect.stringMatching(/^\d+ ms$/)],
  ])
  expect(view.tables[1]?.rows).toEqual([
    ['GET /api/tasks/', '█'.repeat(24), '2473 ms', '73 ms'],
    ['. SELECT tasks', `${'█'.repeat(19)}${'·'.repeat(5)}`, '1900 ms', '1900 ms'],
    ['. SELECT users', `${'·'.repeat(19)}${'█'.repeat(3)}··`, '300 ms', '300 ms'],
    ['. SELECT users', `${'·'.repeat(22)}██`, '200 ms', '200 ms'],
  ])
  expect(view.notes?.[0]).toBe(
    'Of its 2473 ms in 4 spans: SELECT tasks 77 %, SELECT users (2 spans) 20 %, GET /api/tasks/ 3 %. The database has 97 % of it',
  )
  const text = renderTables(view, paint(false))
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  const one = await look('/api/residences/')
  expect(one.findings).toEqual([])
  expect(one.tables[1]?.title).toMatch(/^The slowest request, and none is slow: GET \/api\/residences\/, /)
  expect(await said('/api/nothing/')).toEqual([expect.stringMatching(/^warning: \/api\/nothing\/ is no route that was asked for/)])
})

test('of several histograms none is guessed; the configuration names one', async () => {
  const { observability, environment } = sandbox()
  observability.request('/api/tasks/', 40)
  observability.round()
  observability.store.write([
    { labels: { __name__: 'http_client_seconds_bucket', service: 'api', le: '+Inf' }, value: 3, at: Date.now() },
    { labels: { __name__: 'gorm_query_seconds_bucket', service: 'api', le: '+Inf' }, value: 3, at: Date.now() },
  ])
  expect((await said())[0]).toMatch(
    /^warning: Which histogram is of the requests is not clear: http_client_seconds, http_request_duration_seconds\. observability\.histogram names it → honeydue config:explain$/,
  )
  const named = { ...environment, observability: { ...environment.observability, histogram: 'http_request_duration_seconds' } }
  const view = await latency.look({ route: undefined, since: 3_600_000 }, readersOf(systems(), latency.needs), contextOf(named))
  expect(view.findings).toEqual([])
  expect(view.tables[0]?.rows.map(([route]) => route)).toEqual(['/api/tasks/'])
})

test('where both are away nothing is known, and both are named', async () => {
  sandbox().observability.trouble = 'reset'
  const view = await look()
  expect([view.unreachable, view.findings.map(({ text }) => text)]).toEqual([
    true,
    [expect.stringMatching(/^The metrics store at .* does not answer/), expect.stringMatching(/^Jaeger at .* does not answer/)],
  ])
})
