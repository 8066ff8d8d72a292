import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { observability as facts } from '../../../src/lib/sandbox/deployment/facts.ts'
import { endServer, listenOnLoopback } from '../../../src/lib/sandbox/loopback.ts'
import type { Sample } from '../../../src/lib/sandbox/observability/store.ts'
import { labels, type MetricsWorld, type Store, token } from '../../contract/observability/world.ts'
import { built } from '../built.ts'
import { answering, freePort, type Running, startServer } from '../processes.ts'
import { startGate, taken } from './gate.ts'

const escaped = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')

/** In Prometheus' own text. */
const lineOf = ({ labels: { __name__ = '', ...own }, value, at }: Sample): string =>
  `${__name__}{${Object.entries(own)
    .map(([name, is]) => `${name}="${escaped(is)}"`)
    .join(',')}} ${value} ${at}`

/** VictoriaMetrics behind nginx, and vmagent. What is kept is forgotten by a store that begins anew in another folder. */
export const realMetrics = async (): Promise<MetricsWorld> => {
  const [victoria, vmagent] = [built('victoria-metrics'), built('vmagent')]
  const [storePort, agentPort] = [await freePort(), await freePort()]
  const store = `http://127.0.0.1:${storePort}`
  const gate = await startGate('metrics', [`location /api/v1/ { proxy_pass ${store}; }`, 'location /no { return 400; }'])
  const { folder, file, caFile, hostaddr } = gate
  const tokens = { right: file('token', token), other: file('another', 'another') }
  const page = createServer((_, response) => void response.end('answered_total 7\n'))
  const pagePort = await listenOnLoopback(page)
  const running: { store?: Running; agent?: Running } = {}
  let [frozen, turn, isUsed] = [false, 0, false]
  const end = async (name: keyof typeof running) => {
    await running[name]?.stop()
    delete running[name]
  }
  const startStore = async () => {
    await end('store')
    turn += 1
    // By itself it leaves out the newest 30 s of what it is asked for.
    const args = [`-httpListenAddr=127.0.0.1:${storePort}`, `-storageDataPath=${folder}/data${turn}`, '-search.latencyOffset=0s']
    running.store = await startServer(victoria, [...args, '-search.disableCache', '-retentionPeriod=60d'], { cwd: folder })
    await answering(() => fetch(`${store}/health`).then(taken), 'victoria-metrics')
  }
  const thaw = () => {
    if (frozen) process.kill(gate.pid, 'SIGCONT')
    frozen = false
  }
  const stop = async () => {
    thaw()
    await end('agent')
    await end('store')
    await endServer(page)
    await gate.stop()
  }
  try {
    await startStore()
  } catch (error) {
    await stop()
    throw error
  }
  const pushedTo: Readonly<Record<Store, string>> = {
    takes: `https://127.0.0.1:${gate.port}/api/v1/write`,
    'refuses the token': `https://127.0.0.1:${gate.port}/api/v1/write`,
    'answers 400': `https://127.0.0.1:${gate.port}/no`,
    'is away': 'https://127.0.0.1:1/api/v1/write',
  }
  return {
    hostaddr,
    caFile,
    async keep(samples) {
      isUsed = true
      const body = `${samples.map(lineOf).join('\n')}\n`
      await taken(await fetch(`${store}/api/v1/import/prometheus`, { method: 'POST', body }))
      // Until then it is not found.
      await taken(await fetch(`${store}/internal/force_flush`))
    },
    async begin({ up, store: what }) {
      isUsed = true
      turn += 1
      mkdirSync(`${folder}/queue${turn}`)
      const target = { targets: [`127.0.0.1:${up ? pagePort : 1}`], labels: { cluster: labels.cluster, service: labels.service } }
      const scrape = { job_name: labels.job, static_configs: [target] }
      const configuration = file(`scrape${turn}.yml`, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: [scrape] }))
      running.agent = await startServer(
        vmagent,
        [
          `-httpListenAddr=127.0.0.1:${agentPort}`,
          `-promscrape.config=${configuration}`,
          `-remoteWrite.tmpDataPath=${folder}/queue${turn}`,
          `-remoteWrite.url=${pushedTo[what]}`,
          `-remoteWrite.tlsCAFile=${caFile}`,
          `-remoteWrite.tlsServerName=${facts.host}`,
          `-remoteWrite.bearerTokenFile=${what === 'refuses the token' ? tokens.other : tokens.right}`,
        ],
        { cwd: folder },
      )
      await answering(() => fetch(`http://127.0.0.1:${agentPort}/health`).then(taken), 'vmagent')
    },
    openAgent: async () => connect({ host: '127.0.0.1', port: agentPort }),
    async silent() {
      frozen = true
      process.kill(gate.pid, 'SIGSTOP')
    },
    async reset() {
      thaw()
      await end('agent')
      if (isUsed) await startStore()
      isUsed = false
    },
    stop,
  }
}
