import type { Identity } from '../certificates.ts'
import { mayReach } from '../deployment/egress.ts'
import { namespace } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { labelsOf } from '../deployment/workload.ts'
import { isReady } from '../edge/workloads.ts'
import type { Client, KubeObject } from '../kubernetes/types.ts'
import { type Scraped, startAgent } from './agent.ts'
import { type JaegerTrace, type Part, requestCounters, traceOf } from './requests.ts'
import { type Behaviour, letsIn, startServer } from './server.ts'
import { type MetricsStore, metricsStore } from './store.ts'

export interface ObservabilitySandbox extends Behaviour {
  readonly port: number
  /** Of vmagent's own pages. */
  readonly agentPort: number
  readonly store: MetricsStore
  traces: JaegerTrace[]
  /** The token that vmagent was deployed with. */
  agentToken: string
  /** Whether vmagent may list pods: rbac.yaml says so, and 03-deploy.sh does not apply it. */
  discovers: boolean
  /** The store answers pushes with 400. */
  rejects: boolean
  /** One of api's pods answers a request that took so long; with the parts of its trace, where it is traced. */
  request(route: string, tookMs: number, parts?: readonly Part[]): void
  /** Pods answer their probes and the worker works, then vmagent pushes once. */
  round(): void
  /** What the program of vmagent's pod does at its start, and each time; the second says whether a push was answered. */
  begin(): void
  push(agent: KubeObject): boolean
  reset(): void
  stop(): Promise<void>
}

export interface ObservabilityOptions {
  readonly identity: Identity
  readonly client: () => Client
  /** What a pod began with. */
  readonly environmentOf: (pod: string) => Readonly<Record<string, string>> | undefined
}

const pods = { group: '', resource: 'pods' }
const everyMs = 5000
/** One trace of so many is kept (ch15). */
const sampled = 10
const mostTraces = 500

/** What watches the application: vmagent scrapes what its pods count and pushes it, api and worker send traces, and both are answered for. */
export const startObservability = async ({ identity, client, environmentOf }: ObservabilityOptions): Promise<ObservabilitySandbox> => {
  const store = metricsStore()
  const counters = requestCounters()
  const agent = await startAgent()
  const first = () => ({
    token: planted.ingestToken,
    beside: new Set<string>(),
    agentToken: planted.ingestToken,
    discovers: true,
    rejects: false,
    trouble: 'none' as const,
    grafana: {
      database: 'ok',
      sources: [
        { uid: 'vm', name: 'VictoriaMetrics' },
        { uid: 'jaeger', name: 'Jaeger' },
      ],
    },
    traces: [] as JaegerTrace[],
  })
  let turn = 0
  let timer: NodeJS.Timeout | undefined
  const of = (name: string) => client().list(pods, { namespace, labels: labelsOf(name) })
  const keep = (pod: string, trace: JaegerTrace) => {
    // As with an exporter whose pushes are refused: nobody is told.
    if (state.trouble !== 'none' || !letsIn(state, environmentOf(pod)?.OBS_INGEST_TOKEN)) return
    state.traces.push(trace)
    if (state.traces.length > mostTraces) state.traces.shift()
  }
  const answered = (pod: string, route: string, took: number, parts?: readonly Part[]) => {
    counters.count(pod, route, took)
    turn += 1
    if (parts === undefined && turn % sampled !== 1) return
    const tags = { 'http.route': route }
    keep(pod, traceOf('honeydue-api', { name: `GET ${route}`, startMs: Date.now() - took, took, tags, ...(parts && { parts }) }))
  }
  const work = () => {
    for (const { metadata } of of('api').filter(isReady)) answered(metadata.name, '/api/health/', 2)
    for (const { metadata } of of('worker').filter(isReady))
      keep(metadata.name, traceOf('honeydue-worker', { name: 'asynq:scheduler', startMs: Date.now(), took: 1 }))
  }
  const scrape = (by: KubeObject): readonly Scraped[] => {
    const at = Date.now()
    return (state.discovers ? of('api') : []).map((pod): Scraped => {
      const { podIP = '' } = (pod.status ?? {}) as { readonly podIP?: string }
      const instance = `${podIP}:8000`
      const labels = { cluster: 'honeydue', instance, job: 'api', service: 'api' }
      const error = !mayReach(client(), by, 8000) ? 'i/o timeout' : isReady(pod) ? undefined : 'connection refused'
      const said =
        error === undefined ? counters.page(pod.metadata.name, labels, at) : { error: `cannot read http://${instance}/metrics: ${error}` }
      return { url: `http://${instance}/metrics`, labels, at, said }
    })
  }
  const push = (by: KubeObject): boolean =>
    agent.round(scrape(by), (samples) => {
      if (!mayReach(client(), by, 443) || state.trouble === 'reset' || state.trouble === 'silence') return 'no answer'
      if (state.trouble === 'server-error') return 502
      if (!letsIn(state, state.agentToken)) return 401
      if (state.rejects) return 400
      store.write(samples)
      return 204
    }) !== 'no answer'

  const state: Omit<ObservabilitySandbox, 'port'> = {
    ...first(),
    agentPort: agent.port,
    store,
    request(route, tookMs, parts) {
      const ready = of('api').filter(isReady)
      const pod = ready[turn % ready.length]
      if (pod) answered(pod.metadata.name, route, tookMs, parts)
    },
    round() {
      work()
      const [by] = of('vmagent').filter(isReady)
      if (by) push(by)
    },
    begin() {
      agent.begin()
      // Not before there is a cluster to look at.
      if (timer === undefined) timer = setInterval(work, everyMs).unref()
      setImmediate(work)
    },
    push,
    reset() {
      Object.assign(state, first())
      turn = 0
      store.clear()
      counters.clear()
      agent.begin()
    },
    async stop() {
      clearInterval(timer)
      await server.stop()
      await agent.stop()
    },
  }
  const server = await startServer(identity, store, () => state.traces, state)
  return Object.assign(state, { port: server.port })
}
