// What reads the cluster beside `kubectl get pods -A` where there are many pods, and 2 events for every 5 of them: time, memory, and what comes over the wire,
// which a relay before the API counts. Usage: node bench/pods.js [RUNS] [PODS]

import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { sandboxCode } from './deployment.js'
import { alone, honeydue, inFolder, inTurn, measured, median, row } from './support.js'

const labels = { 'app.kubernetes.io/name': 'crowd', 'app.kubernetes.io/part-of': 'honeydue', 'pod-template-hash': '7c9f8d6b5' }
const variables = Array.from({ length: 12 }, (_, i) => ({ name: `SETTING_${i}`, value: `a value of the size that values have ${i}` }))

/** A pod of the size that pods have: a dozen variables, probes, mounts. */
const podOf = (n, node) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: `crowd-7c9f8d6b5-${n.toString(36).padStart(5, '0')}`, namespace: 'crowd', labels },
  spec: {
    nodeName: node,
    containers: [
      {
        name: 'main',
        image: `registry.test/crowd@sha256:${'ab'.repeat(32)}`,
        env: variables,
        ports: [{ containerPort: 8000, name: 'http' }],
        resources: { requests: { cpu: '1m', memory: '1Mi' }, limits: { memory: '256Mi' } },
      },
    ],
    tolerations: [{ operator: 'Exists' }],
  },
})

/** An event of such a pod. */
const eventOf = (n) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: `crowd-${n}`, namespace: 'crowd' },
  involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'crowd', name: podOf(n).metadata.name },
  type: n % 10 === 0 ? 'Warning' : 'Normal',
  reason: n % 10 === 0 ? 'Unhealthy' : 'Pulled',
  message: 'Container image is already present on the machine, and was so for a sentence of the usual length',
  lastTimestamp: new Date().toISOString(),
  count: 1,
})

/** Leads to the API, and counts what comes from it. */
const startRelay = async (port) => {
  const counted = { bytes: 0 }
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    far.on('data', (chunk) => {
      counted.bytes += chunk.length
    })
    near.on('error', () => far.destroy()).on('close', () => far.destroy())
    far.on('error', () => near.destroy()).on('close', () => near.destroy())
    near.pipe(far).pipe(near)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: server.address().port, counted, stop: () => server.close() }
}

const withPods = (count, use) =>
  inFolder(async (folder) => {
    const { startSandbox } = await sandboxCode(folder)
    const dir = join(folder, 'deployment')
    const sandbox = await startSandbox({ dir })
    const { client } = sandbox.kubernetes
    const nodes = client.list({ group: '', resource: 'nodes' }).map(({ metadata }) => metadata.name)
    client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'crowd' } })
    for (let n = 0; n < count; n++) client.create(podOf(n, nodes[n % nodes.length]))
    for (let n = 0; n < (count * 2) / 5; n++) client.create(eventOf(n))
    const file = join(dir, 'admin.kubeconfig')
    const text = readFileSync(file, 'utf8')
    const relay = await startRelay(Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1]))
    writeFileSync(file, text.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${relay.port}`))
    const running = () =>
      client.list({ group: '', resource: 'pods' }, { namespace: 'crowd' }).filter(({ status }) => status?.phase === 'Running').length
    for (let look = 0; running() < count; look++) {
      if (look === 300) throw new Error(`${running()} of ${count} pods run`)
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    try {
      return await use({ environment: join(dir, 'environment.yaml'), kubeconfig: file, relay })
    } finally {
      relay.stop()
      await sandbox.stop()
    }
  })

export const rows = (runs, pods = Number(process.argv[3] ?? 5000)) =>
  withPods(pods, async ({ environment, kubeconfig, relay }) => {
    const wire = { ours: [], theirs: [] }
    const counting = (into, use) => async () => {
      relay.counted.bytes = 0
      const result = await use()
      into.push(relay.counted.bytes / 1e6)
      return result
    }
    const all = []
    for (const line of ['nodes:status', 'cluster:health', 'deploy:status', 'status', 'logs api']) {
      const ours = counting(wire.ours, () => honeydue([...line.split(' '), '--env', environment], { codes: [0, 3] }))
      const theirs = counting(wire.theirs, () => measured('kubectl', ['get', 'pods', '-A'], { more: { KUBECONFIG: kubeconfig } }))
      const result = await inTurn(runs, ours, theirs)
      const seen = `${result.mb.toFixed(0)} MB; over the wire ${median(wire.ours.splice(0)).toFixed(2)} MB, kubectl ${median(wire.theirs.splice(0)).toFixed(2)} MB`
      all.push(row(`\`${line}\` beside ${pods} pods`, '`kubectl get pods -A`', result, 1, seen))
    }
    return all
  })

await alone(import.meta.url, rows, 5)
