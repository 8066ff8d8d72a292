import { expect, test } from 'vitest'
import { unboundClaim } from '../../../src/lib/facts/cluster/claims.ts'
import { endedPods } from '../../../src/lib/facts/cluster/ended.ts'
import { recentWarnings, warningAbout } from '../../../src/lib/facts/cluster/events.ts'
import { failedJobs } from '../../../src/lib/facts/cluster/jobs.ts'
import { unwell } from '../../../src/lib/facts/cluster/pods.ts'
import { stuckBecause } from '../../../src/lib/facts/cluster/unready.ts'
import { daemonSetBelow, deploymentBelow } from '../../../src/lib/facts/cluster/workloads.ts'
import type { Deployment, KubeEvent, KubeObject, PersistentVolumeClaim, Pod, StorageClass } from '../../../src/lib/systems/kube/types.ts'

const now = new Date('2026-11-29T12:00:00Z')
const ago = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString().replace(/\.\d+/, '')

const replicaSet = { kind: 'ReplicaSet', name: 'api-5d8f6c7b9d', uid: 'u' }
const pod = (status: Partial<Pod['status']>, metadata: Partial<Pod['metadata']> = {}, spec: Partial<Pod['spec']> = {}): Pod => ({
  metadata: {
    name: 'api-5d8f6c7b9d-abcde',
    namespace: 'honeydue',
    creationTimestamp: ago(60),
    labels: { 'pod-template-hash': '5d8f6c7b9d' },
    ownerReferences: [replicaSet],
    ...metadata,
  },
  spec: { nodeName: 'n1', containers: [{ name: 'api' }], ...spec },
  status: { phase: 'Running', ...status },
})
const ready = { name: 'api', ready: true, restartCount: 0, state: { running: { startedAt: ago(60) } } }

const over: readonly (readonly [string, Partial<Pod['status']>])[] = [
  ['evicted', { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: ephemeral-storage.' }],
  ['preempted', { phase: 'Failed', reason: 'Preempting' }],
  [
    'shut down with its node',
    { phase: 'Failed', reason: 'Terminated', message: 'Pod was terminated in response to imminent node shutdown.' },
  ],
  ['refused by its node', { phase: 'Failed', reason: 'OutOfcpu' }],
  ['completed', { phase: 'Succeeded' }],
  ['of an affinity that no longer holds', { phase: 'Failed', reason: 'NodeAffinity' }],
]

test.each(over)('a pod that is %s has ended: nothing of it is wrong now', (_, status) => {
  expect(unwell(pod(status), now)).toBeUndefined()
})

test('pods that have ended are something to tidy, by workload and reason; those of Jobs are its tries', () => {
  const evicted = (name: string) => pod({ phase: 'Failed', reason: 'Evicted', message: 'low on memory' }, { name })
  const ofJob = pod({ phase: 'Failed' }, { ownerReferences: [{ kind: 'Job', name: 'migrate', uid: 'j' }] })
  const bare: Pod = { ...pod({ phase: 'Failed' }), metadata: { name: 'debug', namespace: 'honeydue' } }
  expect(endedPods([evicted('a'), evicted('b'), ofJob, bare, pod({ phase: 'Succeeded' })])).toEqual([
    expect.objectContaining({ owner: 'Deployment api', reason: 'Evicted', pods: ['a', 'b'], message: 'low on memory', replaced: true }),
    expect.objectContaining({ owner: 'debug', reason: 'Failed', replaced: false }),
  ])
})

test('restarts of what prepares a pod count, and what is told as ended last is of the container that the reason is of', () => {
  const crashing = pod({
    initContainerStatuses: [
      {
        name: 'migrate',
        ready: false,
        restartCount: 11,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { reason: 'Error', exitCode: 2, finishedAt: ago(1) } },
      },
    ],
    containerStatuses: [{ ...ready, lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: ago(30) } } }],
  })
  expect(unwell(crashing, now)).toMatchObject({ reason: 'CrashLoopBackOff', restarts: 11, container: 'migrate', last: 'Error (2)' })
})

test('why waiting for a pod is in vain: what its container wrote at its end, before how long the kubelet waits', () => {
  const message = 'exec: "/app/api": stat /app/api: no such file or directory: unknown'
  const waiting = (reason: string, said: string) =>
    pod({
      containerStatuses: [
        {
          name: 'api',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason, message: said } },
          lastState: { terminated: { reason: 'StartError', exitCode: 128, message } },
        },
      ],
    })
  expect(stuckBecause(waiting('CrashLoopBackOff', 'back-off 5m0s restarting failed container'))).toBe(`CrashLoopBackOff (${message})`)
  expect(stuckBecause(waiting('ErrImageNeverPull', 'not present with pull policy of Never'))).toBe(
    'ErrImageNeverPull (not present with pull policy of Never)',
  )
  expect(stuckBecause(waiting('PodInitializing', ''))).toBeUndefined()
})

test('a sidecar that was killed and runs again is told, the latest of several first', () => {
  const ended = (reason: string, minutes: number) => ({ terminated: { reason, exitCode: 137, finishedAt: ago(minutes) } })
  const again = pod({
    initContainerStatuses: [{ ...ready, name: 'proxy', restartCount: 1, lastState: ended('OOMKilled', 3) }],
    containerStatuses: [{ ...ready, restartCount: 1, lastState: ended('Error', 40) }],
    conditions: [{ type: 'Ready', status: 'True' }],
  })
  expect(unwell(again, now)).toMatchObject({ reason: 'Restarted', wrong: false, container: 'proxy', last: 'OOMKilled (137)', restarts: 2 })
})

test('a pod of which nobody says anything is told with who should: a scheduler, or the kubelet of its node', () => {
  const bare = { phase: 'Pending' }
  const nowhere = ({ spec: { nodeName: _, ...spec }, ...rest }: Pod): Pod => ({ ...rest, spec })
  expect(unwell(nowhere(pod(bare)), now)).toMatchObject({ reason: 'Pending', message: 'no scheduler has said anything of it', wrong: true })
  expect(unwell(nowhere(pod(bare, {}, { schedulerName: 'volcano' })), now)).toMatchObject({
    message: 'no scheduler has said anything of it: it waits for volcano',
  })
  expect(unwell(pod({ ...bare, conditions: [{ type: 'PodScheduled', status: 'True' }] }), now)).toMatchObject({
    message: 'the kubelet of n1 has not taken it up',
    wrong: true,
  })
  expect(unwell(pod(bare, { creationTimestamp: ago(1) }), now)).toBeUndefined()
})

test('a pod that does not end names who keeps it: a finalizer, or a node that is away', () => {
  const deletionTimestamp = ago(20)
  expect(unwell(pod({}, { deletionTimestamp, finalizers: ['example.com/backup'] }), now)).toMatchObject({
    reason: 'Terminating',
    message: 'the finalizer example.com/backup holds it',
  })
  expect(unwell(pod({}, { deletionTimestamp }), now, new Set(['n1']))?.message).toMatch(/^its node n1 is away/)
  expect(unwell(pod({}, { deletionTimestamp: ago(0.5) }), now)).toBeUndefined()
})

const deployment = (status: Deployment['status'], spec: Partial<Deployment['spec']> = {}, generation = 1): Deployment => ({
  metadata: { name: 'api', namespace: 'honeydue', generation },
  spec: { replicas: 2, selector: {}, template: { spec: { containers: [] } }, ...spec },
  status: { observedGeneration: 1, ...status },
})

test('what refuses a workload its pods is told in their words', () => {
  const message = 'pods "api-x" is forbidden: exceeded quota: mem, requested: requests.memory=1Gi, used: 2Gi, limited: 2Gi'
  const failing = deployment({
    conditions: [
      { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'timed out' },
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message },
    ],
  })
  expect(deploymentBelow(failing)).toMatchObject({
    ready: 0,
    wanted: 2,
    refused: message,
    wrong: true,
    also: [],
  })
})

test('what a Deployment says of a generation that is gone is not believed', () => {
  const stale = deployment(
    { conditions: [{ type: 'Progressing', status: 'False', message: 'timed out' }], readyReplicas: 2, updatedReplicas: 2 },
    {},
    2,
  )
  expect(deploymentBelow(stale)).toBeUndefined()
})

test('a Deployment that a run of ours left at 0 is wrong, one that somebody scaled down is told', () => {
  expect(deploymentBelow(deployment({}, { replicas: 0 }))).toMatchObject({ wrong: false, also: ['it is scaled to 0'] })
  const left = deployment({}, { replicas: 0 })
  const noted = { ...left, metadata: { ...left.metadata, annotations: { 'honeydue.dev/replicas': '1' } } }
  expect(deploymentBelow(noted)).toMatchObject({ wrong: true })
})

test('a DaemonSet counts its own numbers', () => {
  const set = { ...deployment({}), status: { desiredNumberScheduled: 3, currentNumberScheduled: 3, numberReady: 2 } }
  expect(daemonSetBelow(set)).toMatchObject({ kind: 'DaemonSet', ready: 2, made: 3, wanted: 3, wrong: true })
})

const job = (name: string, condition: 'Complete' | 'Failed' | undefined, minutes: number, cron?: string): KubeObject => ({
  metadata: {
    name,
    namespace: 'honeydue',
    creationTimestamp: ago(minutes),
    ...(cron !== undefined && { ownerReferences: [{ kind: 'CronJob', name: cron, uid: cron }] }),
  },
  status: { conditions: condition ? [{ type: condition, status: 'True', reason: 'BackoffLimitExceeded', message: 'too often' }] : [] },
})

test('a Job that gave up is wrong without any pod; one of a CronJob until a later one completes', () => {
  const names = (jobs: readonly KubeObject[]) => failedJobs(jobs).map(({ name }) => name)
  expect(failedJobs([job('migrate', 'Failed', 5)])).toEqual([
    { namespace: 'honeydue', name: 'migrate', reason: 'BackoffLimitExceeded', message: 'too often' },
  ])
  expect(names([job('migrate', undefined, 5), job('other', 'Complete', 5)])).toEqual([])
  expect(names([job('b1', 'Failed', 120, 'backup'), job('b2', 'Complete', 60, 'backup')])).toEqual([])
  expect(names([job('b1', 'Complete', 120, 'backup'), job('b2', 'Failed', 60, 'backup')])).toEqual(['b2'])
  expect(names([job('b1', 'Failed', 120, 'backup'), job('c2', 'Complete', 60, 'clean')])).toEqual(['b1'])
})

const claim = (spec: PersistentVolumeClaim['spec'], phase = 'Pending', annotations = {}): PersistentVolumeClaim => ({
  metadata: { name: 'data', namespace: 'honeydue', annotations },
  spec,
  status: { phase },
})
const classes: readonly StorageClass[] = [
  {
    metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  { metadata: { name: 'fast' }, volumeBindingMode: 'Immediate' },
]

test('a claim that waits for its first pod is no fault; one that nobody can serve is', () => {
  expect(unboundClaim(claim({ storageClassName: 'local-path' }), classes)).toBeUndefined()
  expect(unboundClaim(claim({}), classes)).toBeUndefined()
  expect(unboundClaim(claim({}, 'Bound'), classes)).toBeUndefined()
  const placed = { 'volume.kubernetes.io/selected-node': 'n1' }
  expect(unboundClaim(claim({ storageClassName: 'local-path' }, 'Pending', placed), classes)).toMatchObject({ phase: 'Pending' })
  expect(unboundClaim(claim({ storageClassName: 'fast' }), classes)).toMatchObject({ unknownClass: false })
  expect(unboundClaim(claim({ storageClassName: 'slow' }), classes)).toMatchObject({ unknownClass: true })
  expect(unboundClaim(claim({ storageClassName: 'local-path' }, 'Lost'), classes)).toMatchObject({ phase: 'Lost' })
  expect(unboundClaim(claim({ storageClassName: 'local-path' }), undefined)).toMatchObject({ unknownClass: false })
})

const event = (reason: string, message: string, minutes: number, name = 'api-5d8f6c7b9d-abcde'): KubeEvent => ({
  metadata: { name: `${name}.${minutes}`, namespace: 'honeydue' },
  type: 'Warning',
  reason,
  message,
  lastTimestamp: ago(minutes),
  involvedObject: { kind: 'Pod', name, namespace: 'honeydue' },
})

test('of the warnings of one moment the one that says more is shown, whichever came last', () => {
  const pull = event('Failed', 'Failed to pull image "r/api:1": unexpected status: 401 Unauthorized', 2)
  const events = [pull, event('Failed', 'Error: ErrImagePull', 2), event('Failed', 'an older and much longer message '.repeat(9), 40)]
  expect(recentWarnings(events, now)).toMatchObject([{ about: 'Pod api-…', reason: 'Failed', count: 3, message: pull.message }])
  const about = { kind: 'Pod', namespace: 'honeydue', name: (name: string) => name.endsWith('abcde') }
  expect(warningAbout([...events, event('BackOff', `Back-off pulling ${'x'.repeat(200)}`, 1)], now, about)).toBe(pull.message)
  expect(warningAbout(events, now, { ...about, name: () => false })).toBeUndefined()
  expect(warningAbout([event('FailedMount', 'secret "app-env" not found', 90)], now, about)).toBeUndefined()
})
