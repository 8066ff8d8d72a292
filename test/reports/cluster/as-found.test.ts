import { beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { readersOf } from '../../../src/lib/plan/plan.ts'
import type { Observation } from '../../../src/lib/plan/report.ts'
import { clusterHealth } from '../../../src/lib/reports/cluster/health.ts'
import { type Sandbox, startSandbox } from '../../../src/lib/sandbox/sandbox.ts'
import { openSystems } from '../../../src/lib/systems/open.ts'
import { ago, type Sample, samples } from './found-states.ts'

const namespace = 'honeydue'
let count = 0

const place = ({ kubernetes: { client } }: Sandbox, { name, pod, spec, deployment, claim, warnings = [] }: Sample) => {
  const set = `${name}-5d8f6c7b9d`
  const about = pod ? ['Pod', `${set}-abcde`] : deployment ? ['ReplicaSet', set] : ['PersistentVolumeClaim', name]
  const containers = [{ name: 'api', image: 'x' }]
  if (pod) {
    const metadata = {
      name: `${set}-abcde`,
      namespace,
      labels: { 'pod-template-hash': '5d8f6c7b9d' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: set, uid: name }],
    }
    client.create({ apiVersion: 'v1', kind: 'Pod', metadata, spec: { nodeName: 'elsewhere', containers, ...spec } })
    const status = { phase: 'Running', ...pod }
    client.update({ group: '', resource: 'pods' }, metadata.name, namespace, (draft) => Object.assign(draft, { status }), {
      subresource: 'status',
    })
  }
  if (deployment) {
    const labels = { a: name }
    const template = { metadata: { labels }, spec: { containers } }
    // Paused, it gets no ReplicaSet of the sandbox's: none of its pods is ever made.
    const paused = { paused: true, replicas: 2, selector: { matchLabels: labels }, template }
    client.create({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: paused })
  }
  if (claim) {
    const wanted = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...claim }
    client.create({ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace }, spec: wanted })
  }
  for (const [reason, message, seconds = 60] of warnings)
    client.create({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${count++}`, namespace },
      type: 'Warning',
      reason,
      message,
      count: 3,
      lastTimestamp: ago(seconds),
      involvedObject: { kind: about[0], name: about[1], namespace },
    })
}

let findings: readonly Observation[] = []
beforeAll(async () => {
  const sandbox = await startSandbox({})
  try {
    for (const sample of samples) place(sandbox, sample)
    const signal = new AbortController().signal
    const systems = openSystems(sandbox.environment, systemClock, signal)
    const look = () =>
      clusterHealth.look({}, readersOf(systems, clusterHealth.needs), { environment: sandbox.environment, clock: systemClock, signal })
    ;({ findings } = await look())
    await systems.close()
  } finally {
    await sandbox.stop()
  }
})

test.each(samples)('what is said of $name', ({ name, said }) => {
  const about = findings.filter(({ text }) => text.includes(` ${name} in honeydue`)).map(({ level, text }) => `${level} ${text}`)
  expect(about).toEqual(said === undefined ? [] : [expect.stringMatching(said)])
})
