import type { KubeObject } from '../kubernetes/types.ts'
import { bornAt, image, namespace, nodes } from './facts.ts'
import { labelsOf, workload } from './workload.ts'

const consumed = {
  POSTGRES_PASSWORD: 'honeydue-secrets/POSTGRES_PASSWORD',
  SECRET_KEY: 'honeydue-secrets/SECRET_KEY',
  EMAIL_HOST_PASSWORD: 'honeydue-secrets/EMAIL_HOST_PASSWORD',
  FCM_SERVER_KEY: 'honeydue-secrets/FCM_SERVER_KEY',
  REDIS_PASSWORD: 'honeydue-secrets/REDIS_PASSWORD',
  OBS_INGEST_TOKEN: 'honeydue-secrets/OBS_INGEST_TOKEN',
} as const

/** Apple's key as a file: in which folder the deployment has it is not known. */
const withApnsKey = {
  pod: {
    volumes: [
      { name: 'tmp', emptyDir: {} },
      { name: 'apns', secret: { secretName: 'honeydue-apns-key' } },
    ],
  },
  container: {
    volumeMounts: [
      { name: 'tmp', mountPath: '/tmp' },
      { name: 'apns', mountPath: '/apns', readOnly: true },
    ],
  },
} as const

/** honeyDue's own workloads (ch07), Redis with its volume on the node it is pinned to, and the metrics agent (ch15). */
export function applicationObjects(): KubeObject[] {
  return [
    workload({
      name: 'api',
      image: image('api'),
      replicas: 3,
      port: 8000,
      probe: '/api/health/',
      startupFailures: 48,
      config: true,
      secrets: consumed,
      ...withApnsKey,
    }),
    workload({ name: 'admin', image: image('admin'), port: 3000, probe: '/', config: true }),
    workload({ name: 'web', image: image('web'), replicas: 3, port: 3000, probe: '/', config: true }),
    // One scheduler only: two enqueue every job twice (6f303db).
    workload({ name: 'worker', image: image('worker'), strategy: 'Recreate', config: true, secrets: consumed, ...withApnsKey }),
    workload({
      name: 'redis',
      image: 'redis:7-alpine',
      port: 6379,
      strategy: 'Recreate',
      secrets: { REDIS_PASSWORD: 'honeydue-secrets/REDIS_PASSWORD' },
      pod: {
        nodeSelector: { 'kubernetes.io/hostname': nodes[0].hostname },
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'redis-data' } }],
      },
      container: {
        args: ['--maxmemory', '256mb', '--maxmemory-policy', 'allkeys-lru'],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    }),
    workload({ name: 'vmagent', image: 'victoriametrics/vmagent:v1.101.0', port: 8429 }),
    ...redisVolume(),
    ...['api', 'admin', 'web', 'redis'].map((name) => service(name, { api: 8000, redis: 6379 }[name] ?? 3000)),
    budget('api', 2),
    budget('web', 2),
    budget('admin', 0),
    budget('worker', 0),
  ]
}

function redisVolume(): KubeObject[] {
  const size = { storage: '1Gi' }
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'pvc-redis-data', creationTimestamp: bornAt },
      spec: {
        capacity: size,
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'local-path',
        persistentVolumeReclaimPolicy: 'Delete',
        claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: 'redis-data' },
        hostPath: { path: '/var/lib/rancher/k3s/storage/redis-data' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [nodes[0].hostname] }] }],
          },
        },
      },
      status: { phase: 'Bound' },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'redis-data', namespace, creationTimestamp: bornAt },
      spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'local-path', volumeName: 'pvc-redis-data', resources: { requests: size } },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: size },
    },
  ]
}

function service(name: string, port: number): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, creationTimestamp: bornAt },
    spec: {
      type: 'ClusterIP',
      selector: labelsOf(name),
      ports: [{ name: name === 'redis' ? 'redis' : 'http', port, targetPort: port, protocol: 'TCP' }],
    },
  }
}

function budget(name: string, minAvailable: number): KubeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace, creationTimestamp: bornAt },
    spec: { minAvailable, selector: { matchLabels: labelsOf(name) } },
  }
}
