import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { Identity } from '../certificates.ts'
import { observability as facts } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { endServer, listenOnLoopback } from '../loopback.ts'
import { BadQuery, evaluate } from './evaluate.ts'
import type { JaegerTrace } from './requests.ts'
import type { MetricsStore } from './store.ts'

export interface DataSource {
  readonly uid: string
  readonly name: string
  /** What its health check says; undefined where it is well. */
  trouble?: string
}

/** What the machine behind the observability names has, and how it behaves. */
export interface Behaviour {
  /** Which token nginx lets in. */
  token: string
  /** Others that it lets in as well, until they are taken away. */
  readonly beside: Set<string>
  trouble: 'none' | 'reset' | 'silence' | 'server-error' | 'html'
  readonly grafana: { database: string; sources: DataSource[] }
}

/** Whether nginx lets somebody in with it. */
export const letsIn = ({ token, beside }: Pick<Behaviour, 'token' | 'beside'>, given: string | undefined): boolean =>
  given !== undefined && (given === token || beside.has(given))

/** nginx before VictoriaMetrics and Jaeger, with a bearer token, and Grafana; which of them is by the name that is asked for. */
export const startServer = async (identity: Identity, store: MetricsStore, traces: () => readonly JaegerTrace[], is: Behaviour) => {
  const json = (response: ServerResponse, status: number, body: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  const text = (response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void =>
    void response.writeHead(status, { 'content-type': type }).end(body)

  const query = (expression: string, response: ServerResponse) => {
    const now = Date.now()
    try {
      const result = evaluate(expression, store.series(), now).map(({ labels: metric, value }) => ({
        metric,
        value: [now / 1000, String(value)],
      }))
      json(response, 200, { status: 'success', data: { resultType: 'vector', result } })
    } catch (error) {
      if (!(error instanceof BadQuery)) throw error
      json(response, 400, { status: 'error', errorType: '400', error: error.message })
    }
  }

  const jaeger = (asked: URLSearchParams, response: ServerResponse) => {
    const service = asked.get('service')
    if (!service)
      return text(response, 400, JSON.stringify({ data: null, errors: [{ code: 400, msg: "parameter 'service' is required" }] }))
    const [from, to] = [Number(asked.get('start') ?? 0), Number(asked.get('end') ?? Number.MAX_VALUE)]
    const least = Number(/^(\d+)ms$/.exec(asked.get('minDuration') ?? '')?.[1] ?? 0) * 1000
    const found = traces().filter(
      ({ spans: [root], processes }) =>
        root !== undefined &&
        processes[root.processID]?.serviceName === service &&
        root.startTime >= from &&
        root.startTime <= to &&
        root.duration >= least,
    )
    json(response, 200, { data: found.slice(-Number(asked.get('limit') ?? 20)), total: 0, limit: 0, offset: 0, errors: null })
  }

  const grafana = (path: string, token: string | undefined, response: ServerResponse) => {
    if (path === '/api/health') return json(response, 200, { database: is.grafana.database, version: '11.1.0', commit: 'sandbox' })
    if (token !== planted.grafanaToken) return json(response, 401, { message: 'Unauthorized' })
    if (path === '/api/datasources')
      return json(
        response,
        200,
        is.grafana.sources.map(({ uid, name }) => ({ uid, name, type: 'prometheus' })),
      )
    const one = is.grafana.sources.find(({ uid }) => path === `/api/datasources/uid/${uid}/health`)
    if (one === undefined) return json(response, 404, { message: 'Data source not found' })
    json(response, one.trouble === undefined ? 200 : 400, {
      status: one.trouble === undefined ? 'OK' : 'ERROR',
      message: one.trouble ?? 'Successfully queried the Prometheus API.',
    })
  }

  const serve = (request: IncomingMessage, response: ServerResponse) => {
    request.resume()
    if (is.trouble === 'silence') return
    if (is.trouble === 'reset') return void request.socket.destroy()
    if (is.trouble === 'server-error') return text(response, 502, '<html>502 Bad Gateway</html>', 'text/html')
    if (is.trouble === 'html') return text(response, 200, '<html>Hello</html>', 'text/html')
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://localhost')
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if ((request.headers.host ?? '').startsWith(facts.grafana)) return grafana(pathname, token, response)
    if (!letsIn(is, token)) return text(response, 401, '<html>401 Authorization Required</html>', 'text/html')
    if (pathname === '/api/v1/write') return text(response, request.method === 'POST' ? 204 : 405, '')
    if (pathname === '/api/v1/query') return query(searchParams.get('query') ?? '', response)
    if (pathname === '/jaeger/api/traces') return jaeger(searchParams, response)
    text(response, 400, `unsupported path requested: "${pathname}"`)
  }

  const { certificate: cert, key } = identity
  const server = createServer({ cert, key, ca: cert }, serve)
  return { port: await listenOnLoopback(server), stop: () => endServer(server) }
}
