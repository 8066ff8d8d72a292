import { expect, test } from 'vitest'
import { scale } from '../../src/lib/procedures/deploy/scale.ts'
import { hosts, namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { deploySubject } from './deploy-subject.ts'
import { laws } from './laws.ts'

const { subject, change, sandbox } = deploySubject({ postgres: true })

type Facts = Parameters<typeof scale.steps>[0]
const workerAtNone = {
  metadata: { name: 'worker', namespace },
  spec: { replicas: 0, selector: { matchLabels: { app: 'worker' } }, template: { spec: { containers: [] } } },
}

const to = (workload: string, replicas: string, remove = false) => ({ workload, replicas, 'remove-autoscaler': remove })
const autoscaler = (name: string) =>
  void sandbox().kubernetes.client.create({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: `${name}-more`, namespace },
    spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name }, maxReplicas: 9 },
  })

const requests = (name: string, wanted: Readonly<Record<string, string>>) =>
  change(name, ({ spec }) => {
    const { template } = spec as { template: { spec: { containers: { resources?: object }[] } } }
    for (const container of template.spec.containers) container.resources = { requests: wanted }
  })

laws(scale, subject, [
  { name: 'healthy', input: to('api', '4'), arrange: () => {}, meets: 'work' },
  { name: 'fewer', input: to('web', '1'), arrange: () => {}, meets: 'work' },
  { name: 'down to none', input: to('admin', '0'), arrange: () => {}, meets: 'work' },
  { name: 'already so', input: to('api', '3'), arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'at none, with the note of whoever stopped it',
    input: to('worker', '1'),
    arrange: () =>
      void change('worker', ({ spec, metadata }) => {
        metadata.annotations = { ...metadata.annotations, 'honeydue.dev/replicas': '1' }
        Object.assign(spec as object, { replicas: 0 })
      }),
    meets: 'work',
  },
  {
    name: 'two workers that run already: there is no way back to two',
    input: to('worker', '1'),
    arrange: () => void change('worker', ({ spec }) => void Object.assign(spec as object, { replicas: 2 })),
    meets: 'work',
  },
  { name: 'two workers', input: to('worker', '2'), arrange: () => {}, refused: /worker is one of a kind/ },
  {
    name: 'an autoscaler that somebody added',
    input: to('api', '4'),
    arrange: () => autoscaler('api'),
    refused: /autoscaler api-more sets the replicas of api/,
  },
  { name: 'the autoscaler goes too', input: to('api', '4', true), arrange: () => autoscaler('api'), meets: 'work' },
  { name: 'an autoscaler of another workload', input: to('web', '2', true), arrange: () => autoscaler('api'), meets: 'work' },
  {
    name: 'no room on the nodes',
    input: to('web', '9'),
    arrange: async () => {
      void requests('web', { cpu: '1500m', memory: '1Gi' })
      await subject.observe()
    },
    refused: /6 more pods of web want .*have room for 4/,
  },
  {
    name: 'no connections left at the direct endpoint',
    input: to('api', '40'),
    arrange: () =>
      void sandbox().kubernetes.client.update({ group: '', resource: 'configmaps' }, 'honeydue-config', namespace, (draft) => {
        draft.data = { ...(draft.data as Record<string, string>), DB_HOST: hosts.direct }
      }),
    refused: /they open 740 connections at their start/,
  },
])

test('one of a kind is not scaled up while its last pod still ends', async () => {
  const pod = { metadata: { name: 'worker-1', uid: 'old' }, spec: {}, status: { phase: 'Running' } }
  const facts = {
    name: 'worker',
    namespace,
    deployment: workerAtNone,
    replicas: 0,
    to: 1,
    singleton: true,
    old: ['old'],
  } as unknown as Facts
  const [first, second] = scale.steps(facts)
  const seen = async (pods: readonly object[]) =>
    first && 'holds' in first
      ? first.holds({ kube: { pods: async () => pods } } as unknown as Parameters<typeof first.holds>[0])
      : undefined
  expect([first?.title, second?.title]).toEqual(['No old pod of worker is left', 'Scale worker from 0 to 1'])
  expect(await seen([pod])).toEqual({ ok: false, because: 'a pod of worker is on its way out' })
  expect(await seen([{ ...pod, status: { phase: 'Succeeded' } }])).toMatchObject({ ok: true })
  expect(await seen([{ ...pod, metadata: { name: 'worker-2', uid: 'new' } }])).toMatchObject({ ok: true })
})
