import { randomBytes } from 'node:crypto'
import type { Sent, TracesWorld } from '../../contract/observability/world.ts'
import { built } from '../built.ts'
import { answering, freePort, type Running, startServer } from '../processes.ts'
import { startGate, taken } from './gate.ts'

/** Jaeger's all-in-one behind nginx. It keeps traces in memory: what is kept is forgotten by another one on the same ports. */
export const realTraces = async (): Promise<TracesWorld> => {
  const jaeger = built('jaeger')
  const [query, otlp, admin, ...others] = await Promise.all(Array.from({ length: 7 }, freePort))
  const gate = await startGate('traces', [`location /jaeger/ { proxy_pass http://127.0.0.1:${query}; }`])
  const ports = {
    'query.http-server': query,
    'collector.otlp.http': otlp,
    'admin.http': admin,
    'query.grpc-server': others[0],
    'collector.otlp.grpc': others[1],
    'collector.http-server': others[2],
    'collector.grpc-server': others[3],
  }
  const args = Object.entries(ports).map(([name, port]) => `--${name}.host-port=127.0.0.1:${port}`)
  const base = `http://127.0.0.1:${query}/jaeger`
  let running: Running | undefined
  let isUsed = false
  const start = async () => {
    await running?.stop()
    running = await startServer(jaeger, [...args, '--query.base-path=/jaeger', '--log-level=error'], { cwd: gate.folder })
    await answering(() => fetch(`http://127.0.0.1:${admin}/`).then(taken), 'jaeger')
  }
  const stop = async () => {
    await running?.stop()
    await gate.stop()
  }
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    hostaddr: gate.hostaddr,
    caFile: gate.caFile,
    async send(trace) {
      isUsed = true
      const traceId = randomBytes(16).toString('hex')
      const body = JSON.stringify(pushed(traceId, trace))
      await taken(
        await fetch(`http://127.0.0.1:${otlp}/v1/traces`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
      )
      // It is taken into a queue: until it has left that, nobody finds it.
      await answering(() => fetch(`${base}/api/traces/${traceId}`).then(taken), 'the trace')
    },
    async reset() {
      if (isUsed) await start()
      isUsed = false
    },
    stop,
  }
}

/** As an exporter pushes it, by OTLP over HTTP: a failed span has a status, and no tag of it. */
const pushed = (traceId: string, { service, name, startMs, took, parts = [], tags }: Sent): object => {
  const root = randomBytes(8).toString('hex')
  const nanoseconds = (ms: number): string => String(BigInt(Math.round(ms * 1000)) * 1000n)
  const attributes = (of: Readonly<Record<string, string>>) =>
    Object.entries(of).map(([key, value]) => ({ key, value: { stringValue: value } }))
  const whole = { name, from: 0, took, ...(tags && { tags }) }
  const spans = [whole, ...parts].map((part, i) => {
    const { error, ...others } = part.tags ?? {}
    return {
      traceId,
      spanId: i === 0 ? root : randomBytes(8).toString('hex'),
      ...(i > 0 && { parentSpanId: root }),
      name: part.name,
      kind: 1,
      startTimeUnixNano: nanoseconds(startMs + part.from),
      endTimeUnixNano: nanoseconds(startMs + part.from + part.took),
      attributes: attributes(others),
      status: error === undefined ? {} : { code: 2 },
    }
  })
  return { resourceSpans: [{ resource: { attributes: attributes({ 'service.name': service }) }, scopeSpans: [{ spans }] }] }
}
