import { setTimeout as sleep } from 'node:timers/promises'
import { Trouble } from '../../../src/lib/errors.ts'
import { observability as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import type { Labels, Sample } from '../../../src/lib/sandbox/observability/store.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { type MetricsOptions, metricsSystem } from '../../../src/lib/systems/metrics/metrics.ts'
import type { Agent } from '../../../src/lib/systems/metrics/types.ts'
import { type TracesOptions, tracesSystem } from '../../../src/lib/systems/traces/traces.ts'
import type { ContractCase } from '../contract.ts'
import { labels as given, type MetricsWorld, type TracesWorld, token } from './world.ts'

type Case = ContractCase<MetricsWorld>
type At = Pick<MetricsWorld, 'hostaddr'> & { readonly caFile?: string }

const base = `https://${facts.host}`
const bearer = async () => new Secret(token)

const metrics = ({ hostaddr, caFile, openAgent }: At & Pick<MetricsWorld, 'openAgent'>, more: Partial<MetricsOptions> = {}) =>
  metricsSystem({
    hostaddr,
    ...(caFile !== undefined && { caFile }),
    write: `${base}/api/v1/write`,
    metrics: base,
    grafana: `https://${facts.grafana}`,
    ingestToken: bearer,
    readToken: bearer,
    grafanaToken: undefined,
    openAgent,
    timeout: 3000,
    ...more,
  }).read

const traces = ({ hostaddr, caFile }: At, more: Partial<TracesOptions> = {}) =>
  tracesSystem({
    hostaddr,
    ...(caFile !== undefined && { caFile }),
    traces: `${base}/jaeger`,
    readToken: bearer,
    timeout: 3000,
    ...more,
  }).read

const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'an answer',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )

const api = { ...given, instance: '10.42.0.7:8000' }
const one = (name: string, at: number, value: number, more: Labels = {}): Sample => ({
  labels: { ...api, ...more, __name__: name },
  value,
  at,
})
/** One sample every 15 s, from so many seconds ago until just now; each with what `value` makes of its number. */
const every = (from: number, value: (i: number) => number): readonly { readonly at: number; readonly value: number }[] => {
  // VictoriaMetrics' own now is a second late.
  const now = Date.now() - 5000
  return Array.from({ length: Math.floor(from / 15) + 1 }, (_, i) => ({ at: now - from * 1000 + i * 15_000, value: value(i) }))
}

const queryCases: readonly Case[] = [
  {
    name: 'the newest sample of each pod, by the time at which it was taken',
    expected: [
      { cluster: 'honeydue', instance: '10.42.0.7:8000', ago: 60 },
      { cluster: 'other', instance: '10.42.0.8:8000', ago: 600 },
    ],
    give: async (world) => {
      const now = Date.now()
      await world.keep([
        one('a_total', now - 75_000, 1),
        one('b_total', now - 60_000, 2),
        one('a_total', now - 600_000, 1, { cluster: 'other', instance: '10.42.0.8:8000' }),
        one('a_total', now - 1000, 1, { service: 'another' }),
      ])
      const found = await metrics(world).query('max by (cluster,instance,namespace) (tlast_over_time({service="api"}[1h]))')
      return found
        .map(({ labels, value }) => ({ ...labels, ago: Math.round((now / 1000 - value) * 10) / 10 }))
        .sort(({ ago }, { ago: other }) => ago - other)
    },
  },
  {
    name: 'the newest of a month, where the last hour has none',
    expected: [[], [{ labels: { service: 'api' }, ago: 7200 }]],
    give: async (world) => {
      const now = Date.now()
      await world.keep([one('up', now - 7_200_000, 1)])
      const { query } = metrics(world)
      const last = await query('max by (service) (tlast_over_time(up{service="api"}[30d]))')
      return [
        await query('max by (cluster,instance,namespace) (tlast_over_time({service="api"}[1h]))'),
        last.map(({ labels, value }) => ({ labels, ago: Math.round(now / 1000 - value) })),
      ]
    },
  },
  {
    name: 'how often something was counted within a window: of a pod that was there before, of one that began in it, and of one that came with a past',
    expected: { before: 60, began: 20, past: 20 },
    give: async (world) => {
      const counted = (instance: string, from: number, first: number) =>
        every(from, (i) => first + i).map(({ at, value }) => one('x_bucket', at, value, { instance, le: '+Inf', route: '/a' }))
      // The one that comes with a past counts from what it had at first.
      await world.keep([...counted('before', 1800, 5), ...counted('began', 285, 1), ...counted('past', 300, 5000)])
      const found = await metrics(world).query('sum by (instance,le,route) (increase(x_bucket{service="api"}[900s]))')
      return Object.fromEntries(found.map(({ labels, value }) => [labels['instance'], value]))
    },
  },
  {
    name: 'the names of histograms, and nothing of what is older than five minutes',
    expected: [['x_seconds_bucket', 'y_bucket'], []],
    give: async (world) => {
      const now = Date.now()
      const names = ['x_seconds_bucket', 'x_seconds_count', 'y_bucket']
      await world.keep([...names.map((name) => one(name, now - 30_000, 1, { le: '1' })), one('old_bucket', now - 600_000, 1)])
      const { query } = metrics(world)
      const found = await query('count by (__name__) ({service="api",__name__=~".+_bucket"})')
      return [found.map(({ labels }) => labels['__name__']).sort(), await query('old_bucket{service="api"}')]
    },
  },
  {
    name: 'one value as it is now, with its name and labels; nothing of a name that is not known',
    expected: [[{ labels: { ...api, __name__: 'x', odd: 'a "b" \\ {c}' }, value: 1.5 }], []],
    give: async (world) => {
      await world.keep([one('x', Date.now() - 15_000, 1.5, { odd: 'a "b" \\ {c}' })])
      return [await metrics(world).query('x{service="api"}'), await metrics(world).query('nothing{service="api"}')]
    },
  },
  {
    name: 'an expression that cannot be read is no answer',
    expected: 'metrics-other',
    give: (world) => codeOf(metrics(world).query('sum by (')),
  },
  {
    name: 'without the right token nothing is read, and nothing could be written',
    expected: ['metrics-refused', 'metrics-refused', { takes: true }, { takes: false, status: 401 }],
    give: async (world) => [
      await codeOf(metrics(world, { readToken: async () => undefined }).query('up')),
      await codeOf(metrics(world, { readToken: async () => new Secret('another') }).query('up')),
      await metrics(world).mayWrite(),
      await metrics(world).mayWrite(new Secret('another')),
    ],
  },
  {
    name: 'nothing listens; it does not answer; and its certificate is of no known authority',
    expected: ['metrics-unreachable', 'metrics-tls', 'metrics-silent'],
    give: async (world) => {
      const { caFile, hostaddr, openAgent } = world
      const nowhere = await codeOf(metrics({ caFile, openAgent, hostaddr: { [facts.host]: '127.0.0.1:1' } }).query('up'))
      const strange = await codeOf(metrics({ hostaddr, openAgent }).query('up'))
      await world.silent()
      return [nowhere, strange, await codeOf(metrics(world, { timeout: 1000 }).query('up'))]
    },
  },
]

/** What the agent says of itself, as soon as it says that. */
const agentOnce = async (world: MetricsWorld, is: (agent: Agent) => boolean): Promise<Agent> => {
  const { agent } = metrics(world)
  let last: unknown
  for (let tried = 0; tried < 100; tried++) {
    try {
      const said = await agent()
      if (is(said)) return said
      last = said
    } catch (error) {
      last = error
    }
    await sleep(150)
  }
  throw new Error('the agent did not say so within 15 s', { cause: last })
}
const taken = ({ answers, targets }: Agent) => (answers['2XX'] ?? 0) > 0 && targets[0]?.scrapedAt !== undefined

const agentCases: readonly Case[] = [
  {
    name: 'the agent scrapes and pushes: what it says of its target and of its pushes, and what came of them in the store',
    expected: {
      targets: [{ up: true, error: '', labels: given, isNew: true }],
      answers: ['2XX'],
      errors: 0,
      dropped: 0,
      stored: [7],
      up: [1],
    },
    give: async (world) => {
      await world.begin({ up: true, store: 'takes' })
      const { query } = metrics(world)
      const { targets, answers, errors, dropped } = await agentOnce(world, taken)
      let stored = await query('answered_total{service="api"}')
      for (let tried = 0; stored.length === 0 && tried < 100; tried++) {
        await sleep(150)
        stored = await query('answered_total{service="api"}')
      }
      return {
        targets: targets.map(({ up, error, labels: { instance: _, ...labels }, scrapedAt }) => ({
          up,
          error,
          labels,
          isNew: Date.now() - (scrapedAt?.getTime() ?? 0) < 60_000,
        })),
        answers: Object.keys(answers),
        errors,
        dropped,
        stored: stored.map(({ value }) => value),
        up: (await query('up{service="api"}')).map(({ value }) => value),
      }
    },
  },
  {
    name: 'a target that does not answer is down, with the reason, and pushed as such',
    expected: { up: [false], error: [true], answers: ['2XX'] },
    give: async (world) => {
      await world.begin({ up: false, store: 'takes' })
      const { targets, answers } = await agentOnce(world, taken)
      return { up: targets.map(({ up }) => up), error: targets.map(({ error }) => error !== ''), answers: Object.keys(answers) }
    },
  },
  {
    name: 'its token is refused: 401 is counted, and all of it waits',
    expected: { answers: ['401'], errors: 0, dropped: 0, waits: true },
    give: async (world) => {
      await world.begin({ up: true, store: 'refuses the token' })
      const { answers, errors, dropped, pendingBytes } = await agentOnce(
        world,
        (said) => said.answers['401'] !== undefined && said.pendingBytes > 0,
      )
      return { answers: Object.keys(answers), errors, dropped, waits: pendingBytes > 0 }
    },
  },
  {
    name: 'the store answers 400: what was pushed is thrown away, and nothing waits',
    expected: { taken: 0, dropped: true, pendingBytes: 0 },
    give: async (world) => {
      await world.begin({ up: true, store: 'answers 400' })
      const said = await agentOnce(world, ({ dropped, pendingBytes }) => dropped > 0 && pendingBytes === 0)
      return { taken: said.answers['2XX'] ?? 0, dropped: said.dropped > 0, pendingBytes: said.pendingBytes }
    },
  },
  {
    name: 'nothing answers its pushes: that is counted, and all of it waits',
    expected: { answers: {}, errors: true, dropped: 0, waits: true },
    give: async (world) => {
      await world.begin({ up: true, store: 'is away' })
      const { answers, errors, dropped, pendingBytes } = await agentOnce(world, (said) => said.errors > 0 && said.pendingBytes > 0)
      return { answers, errors: errors > 0, dropped, waits: pendingBytes > 0 }
    },
  },
]

/** What the CLI relies on of the store of metrics, and of the agent that fills it. */
export const metricsCases: readonly Case[] = [...queryCases, ...agentCases]

const day = (world: At, service: string, minMs?: number) =>
  traces(world).find({
    service,
    from: new Date(Date.now() - 86_400_000),
    to: new Date(),
    limit: 20,
    ...(minMs !== undefined && { minMs }),
  })

/** What the CLI relies on of a store of traces. */
export const traceCases: readonly ContractCase<TracesWorld>[] = [
  {
    name: 'a trace with its spans: whose they are, within which, when and how long, what they say, and which failed',
    expected: [
      { service: 'honeydue-api', name: 'GET /api/tasks/', within: false, from: 0, took: 229.5, failed: false, route: '/api/tasks/' },
      { service: 'honeydue-api', name: 'gorm.Query', within: true, from: 20, took: 110.25, failed: false, route: undefined },
      { service: 'honeydue-api', name: 'redis', within: true, from: 150, took: 4, failed: true, route: undefined },
    ],
    give: async (world) => {
      const startMs = Date.now() - 60_000
      await world.send({
        service: 'honeydue-api',
        name: 'GET /api/tasks/',
        startMs,
        took: 229.5,
        tags: { 'http.route': '/api/tasks/' },
        parts: [
          { name: 'gorm.Query', from: 20, took: 110.25, tags: { 'db.system': 'postgresql' } },
          { name: 'redis', from: 150, took: 4, tags: { error: 'true' } },
        ],
      })
      const [found, ...others] = await day(world, 'honeydue-api')
      const [root] = found?.spans ?? []
      if (others.length > 0 || root === undefined) return [found, others]
      return found?.spans.map(({ service, name, parent, startMs: at, tookMs, failed, tags }) => ({
        service,
        name,
        within: parent !== undefined && parent === root.id,
        from: Math.round((at - startMs) * 1000) / 1000,
        took: tookMs,
        failed,
        route: tags['http.route'],
      }))
    },
  },
  {
    name: 'traces of one service alone, in the time that is asked for, those that took as long, and no more than so many',
    expected: { all: 3, slow: ['b'], before: ['a'], two: 2, other: ['d'], unknown: [] },
    give: async (world) => {
      const now = Date.now()
      const send = (service: string, name: string, ago: number, took: number) =>
        world.send({ service, name, startMs: now - ago * 1000, took })
      await send('honeydue-api', 'a', 3000, 10)
      await send('honeydue-api', 'b', 600, 1200)
      await send('honeydue-api', 'c', 60, 10)
      await send('honeydue-worker', 'd', 60, 2000)
      const { find } = traces(world)
      const names = (found: Awaited<ReturnType<typeof find>>) => found.map(({ spans }) => spans[0]?.name).sort()
      const from = new Date(now - 86_400_000)
      return {
        all: (await day(world, 'honeydue-api')).length,
        slow: names(await day(world, 'honeydue-api', 1000)),
        before: names(await find({ service: 'honeydue-api', from, to: new Date(now - 1_800_000), limit: 20 })),
        two: (await find({ service: 'honeydue-api', from, to: new Date(now), limit: 2 })).length,
        other: names(await day(world, 'honeydue-worker')),
        unknown: await day(world, 'honeydue-nothing'),
      }
    },
  },
  {
    name: 'traces are behind the same token',
    expected: 'traces-refused',
    give: (world) =>
      codeOf(
        traces(world, { readToken: async () => new Secret('another') }).find({ service: 'a', from: new Date(0), to: new Date(), limit: 1 }),
      ),
  },
]
