import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { observability as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { startAgent } from '../../../src/lib/sandbox/observability/agent.ts'
import { type JaegerTrace, type Part, traceOf } from '../../../src/lib/sandbox/observability/requests.ts'
import { type Behaviour, startServer } from '../../../src/lib/sandbox/observability/server.ts'
import { metricsStore, type Sample } from '../../../src/lib/sandbox/observability/store.ts'
import type { ContractWorld } from '../contract.ts'

/** What the store does with what the agent pushes. */
export type Store = 'takes' | 'refuses the token' | 'answers 400' | 'is away'

export interface Sent {
  readonly service: string
  readonly name: string
  readonly startMs: number
  readonly took: number
  readonly parts?: readonly Part[]
  readonly tags?: Part['tags']
}

/** Behind a gate that wants a token; empty before each case. */
interface Gated extends ContractWorld {
  /** Where its name lives, TLS verifies it. */
  readonly hostaddr: Readonly<Record<string, string>>
  readonly caFile: string
}

/** A store of metrics, and an agent that pushes to it. */
export interface MetricsWorld extends Gated {
  /** Puts these into the store, and resolves when they can be asked for. */
  keep(samples: readonly Sample[]): Promise<void>
  /** An agent that begins anew, scrapes a target that is there or not, and pushes what it has. */
  begin(scraping: { readonly up: boolean; readonly store: Store }): Promise<void>
  /** A connection to the agent's own port. */
  openAgent(): Promise<Duplex>
  /** Accepts connections and does not answer. */
  silent(): Promise<void>
}

/** A store of traces. */
export interface TracesWorld extends Gated {
  /** Puts one trace there, and resolves when it can be asked for; a part whose tags have `error` has failed. */
  send(trace: Sent): Promise<void>
}

export const token = planted.ingestToken
/** What the agent puts to all that its target says. */
export const labels = { cluster: 'honeydue', job: 'api', service: 'api' } as const

export const sandboxObservability = async (): Promise<MetricsWorld & TracesWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-contract-'))
  const caFile = join(folder, 'ca.crt')
  const authority = createAuthority('honeyDue sandbox')
  await writeFile(caFile, authority.certificate)
  const is: Behaviour = { token, beside: new Set(), trouble: 'none', grafana: { database: 'ok', sources: [] } }
  const store = metricsStore()
  let traces: JaegerTrace[] = []
  const server = await startServer(authority.issue({ commonName: facts.host, names: [facts.host] }), store, () => traces, is)
  const agent = await startAgent()
  return {
    hostaddr: { [facts.host]: `127.0.0.1:${server.port}` },
    caFile,
    keep: async (samples) => store.write(samples),
    async send({ service, ...trace }) {
      traces.push(traceOf(service, trace))
    },
    async begin({ up, store: what }) {
      agent.begin()
      const at = Date.now()
      const own = { ...labels, instance: '127.0.0.1:8000' }
      const said = up ? [{ labels: { ...own, __name__: 'answered_total' }, value: 7, at }] : { error: 'connection refused' }
      agent.round([{ url: 'http://127.0.0.1:8000/metrics', labels: own, at, said }], (samples) => {
        if (what === 'is away') return 'no answer'
        if (what === 'refuses the token') return 401
        if (what === 'answers 400') return 400
        store.write(samples)
        return 204
      })
    },
    openAgent: async () => connect({ host: '127.0.0.1', port: agent.port }),
    async silent() {
      is.trouble = 'silence'
    },
    async reset() {
      is.trouble = 'none'
      traces = []
      store.clear()
      agent.begin()
    },
    async stop() {
      await server.stop()
      await agent.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
