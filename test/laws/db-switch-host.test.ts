import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../src/lib/clock.ts'
import { switchHost } from '../../src/lib/procedures/db/switch-host.ts'
import { sourceFile } from '../../src/lib/procedures/db/switch-host-facts.ts'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'

const sandbox = useSandbox({ postgres: true, speed: { ready: 1, terminate: 1 } })
const { systems, close } = useSystems(sandbox)

const deployments = { group: 'apps', resource: 'deployments' }
const pods = { group: '', resource: 'pods' }
const client = () => sandbox().kubernetes.client
const change = (name: string, edit: (spec: Record<string, unknown>) => void) =>
  client().update(deployments, name, namespace, (draft) => edit(draft.spec as Record<string, unknown>))

/** What every pod was started with, by its own words; waits until no pod comes or goes. */
const startedWith = async (): Promise<readonly string[]> => {
  for (let round = 0; round < 200; round++) {
    const all = client().list(pods, { namespace })
    const wanted = client()
      .list(deployments, { namespace })
      .reduce((sum, { spec }) => sum + (spec as { replicas: number }).replicas, 0)
    const steady = all.every(({ metadata, status }) => {
      const { conditions = [] } = status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
      return metadata.deletionTimestamp === undefined && conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    })
    if (steady && all.length === wanted) break
    await systemClock.sleep(20)
  }
  const speaking = client()
    .list(pods, { namespace })
    .filter(({ metadata }) => ['api', 'worker'].includes(metadata.labels?.['app.kubernetes.io/name'] ?? ''))
  const said = await Promise.all(
    speaking.map(async ({ metadata }) => {
      const lines = await systems().kube.read.log({ namespace, pod: metadata.name })
      return `${metadata.labels?.['app.kubernetes.io/name']}: ${/database host (\S+)/.exec(lines.join('\n'))?.[1]}`
    }),
  )
  return said.sort()
}

const sourcePath = () => join(sandbox().environment.checkout, sourceFile)

/** With the pooler gone, no pod can start with it again: undo puts the values back, and the pods follow when it answers. */
let podsCanStart = true

const observe = async () => ({
  source: existsSync(sourcePath()) ? readFileSync(sourcePath(), 'utf8') : 'absent',
  configMap: client().get({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace)?.data,
  workloads: client()
    .list(deployments, { namespace })
    .map(({ metadata, spec }) => [metadata.name, (spec as { replicas: number }).replicas, metadata.annotations?.['honeydue.dev/replicas']]),
  pods: podsCanStart ? await startedWith() : 'as they can',
})

const editSource = (edit: (text: string) => string) => {
  writeFileSync(sourcePath(), edit(readFileSync(sourcePath(), 'utf8')))
}

const direct = { to: 'direct' } as const

laws(
  switchHost,
  {
    systems,
    environment: () => sandbox().environment,
    observe,
    reset: async () => {
      await close()
      podsCanStart = true
      await sandbox().reset()
    },
    planted: plantedValues,
  },
  [
    { name: 'healthy', input: direct, arrange: () => {}, meets: 'work' },
    { name: 'already so', input: { to: 'pooler' }, arrange: () => {}, meets: 'nothing to do' },
    {
      name: 'a switch that stopped after the ConfigMap',
      input: direct,
      arrange: () => worlds['switched in the ConfigMap only'](sandbox()),
      meets: 'work',
    },
    {
      name: 'the pooler is gone',
      input: direct,
      arrange: () => {
        podsCanStart = false
        sandbox().postgres.behave('pooler', { answer: 'reset' })
      },
      meets: 'work',
      broken: true,
    },
    {
      name: 'a worker whose strategy would run two at once',
      input: direct,
      arrange: () =>
        void change('worker', (spec) => {
          spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
        }),
      meets: 'work',
    },
    {
      name: 'a source file that names the host twice',
      input: direct,
      arrange: () => editSource((text) => `${text}\nother: ${hosts.pooler}\n`),
      meets: 'work',
    },
    {
      name: 'no checkout on this machine',
      input: direct,
      arrange: () => rmSync(sourcePath()),
      meets: 'work',
    },
    {
      name: 'a workload that sets the host itself, past the ConfigMap',
      input: direct,
      arrange: () =>
        void change('api', (spec) => {
          const [container] = (spec.template as { spec: { containers: { env?: object[] }[] } }).spec.containers
          if (container) container.env = [...(container.env ?? []), { name: 'DB_HOST', value: hosts.pooler }]
        }),
      refused: /api sets DB_HOST itself/,
    },
    {
      name: 'the target does not answer',
      input: direct,
      arrange: () => worlds['direct endpoint down'](sandbox()),
      refused: /the direct endpoint does not answer: .*ECONNRESET/,
    },
    {
      name: 'a rollout is running',
      input: direct,
      arrange: () =>
        void change('api', (spec) => {
          const template = spec.template as { metadata: { annotations?: Record<string, string> } }
          template.metadata.annotations = { 'honeydue.test/never-ready': 'true' }
        }),
      refused: /a rollout is running: api/,
    },
    {
      name: 'a migration is running',
      input: direct,
      arrange: () =>
        void client().create({
          apiVersion: 'batch/v1',
          kind: 'Job',
          metadata: { name: 'honeydue-migrate', namespace },
          spec: {
            template: {
              metadata: { annotations: { 'honeydue.test/complete-after': '60s' } },
              spec: { restartPolicy: 'Never', containers: [{ name: 'migrate', image: 'x' }] },
            },
          },
        }),
      refused: /a migration is running: Job honeydue-migrate/,
    },
  ],
)
