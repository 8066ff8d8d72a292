import { scale } from '../../src/lib/procedures/deploy/scale.ts'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject({ postgres: true })

const requests = (name: string, wanted: Readonly<Record<string, string>>) =>
  change(name, ({ spec }) => {
    const { template } = spec as { template: { spec: { containers: { resources?: object }[] } } }
    for (const container of template.spec.containers) container.resources = { requests: wanted }
  })

laws(scale, subject, [
  { name: 'healthy', input: { workload: 'api', replicas: '4' }, arrange: () => {}, meets: 'work' },
  { name: 'fewer', input: { workload: 'web', replicas: '1' }, arrange: () => {}, meets: 'work' },
  { name: 'down to none', input: { workload: 'admin', replicas: '0' }, arrange: () => {}, meets: 'work' },
  { name: 'already so', input: { workload: 'api', replicas: '3' }, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'at none, with the note of whoever stopped it',
    input: { workload: 'worker', replicas: '1' },
    arrange: () =>
      void change('worker', ({ spec, metadata }) => {
        metadata.annotations = { ...metadata.annotations, 'honeydue.dev/replicas': '1' }
        Object.assign(spec as object, { replicas: 0 })
      }),
    meets: 'work',
  },
  { name: 'two workers', input: { workload: 'worker', replicas: '2' }, arrange: () => {}, refused: /worker is one of a kind/ },
  {
    name: 'no room on the nodes',
    input: { workload: 'web', replicas: '9' },
    arrange: async () => {
      void requests('web', { cpu: '1500m', memory: '1Gi' })
      await subject.observe()
    },
    refused: /6 more pods of web want .*have room for 4/,
  },
  {
    name: 'no connections left at the direct endpoint',
    input: { workload: 'api', replicas: '40' },
    arrange: () =>
      void sandbox().kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
        draft.data = { ...(draft.data as Record<string, string>), DB_HOST: hosts.direct }
      }),
    refused: /they open 740 connections at their start/,
  },
])
