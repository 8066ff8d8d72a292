import { restart } from '../../src/lib/procedures/deploy/restart.ts'
import { eventually } from '../support/worlds.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject({ ages: true })
/** When each pod of a workload started. */
const podsOf = (name: string): readonly string[] =>
  sandbox()
    .kubernetes.client.list({ group: '', resource: 'pods' }, { namespace: 'honeydue' })
    .filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name)
    .map(({ status }) => String((status as { startTime?: string }).startTime))
const of = (workload: string) => ({ workload, 'older-than': 600_000 })

laws(restart, subject, [
  { name: 'healthy', input: of('api'), arrange: () => {}, meets: 'work' },
  { name: 'the worker, which must not run twice', input: of('worker'), arrange: () => {}, meets: 'work' },
  {
    name: 'a worker that a run stopped, and did not start',
    input: of('worker'),
    arrange: () =>
      void change('worker', ({ spec, metadata }) => {
        metadata.annotations = { ...metadata.annotations, 'honeydue.dev/replicas': '1' }
        Object.assign(spec as object, { replicas: 0 })
      }),
    meets: 'work',
  },
  {
    name: 'restarted a moment ago',
    input: of('admin'),
    arrange: async () => {
      await subject.systems().kube.write.restart({ namespace: 'honeydue', name: 'admin' })
      const young = (started: string) => Date.parse(started) > Date.now() - 60_000
      await eventually(async () => podsOf('admin').length === 1 && podsOf('admin').every(young))
    },
    meets: 'nothing to do',
  },
  {
    name: 'its rollout is paused',
    input: of('api'),
    arrange: () => void change('api', ({ spec }) => void Object.assign(spec as object, { paused: true })),
    refused: /the rollout of api is paused: honeydue deploy:resume api/,
  },
  {
    name: 'a rollout is running',
    input: of('web'),
    arrange: async () => {
      void change('web', ({ spec }) => {
        const { template } = spec as { template: { metadata: { annotations?: Record<string, string> } } }
        template.metadata.annotations = { 'honeydue.test/never-ready': 'true' }
      })
      await eventually(async () => podsOf('web').length === 4)
    },
    refused: /web is rolling out/,
  },
])
