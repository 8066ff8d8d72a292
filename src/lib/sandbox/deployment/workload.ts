import type { KubeObject } from '../kubernetes/types.ts'
import { bornAt, namespace } from './facts.ts'

export interface Workload {
  readonly kind?: 'Deployment' | 'DaemonSet'
  readonly name: string
  readonly namespace?: string
  readonly image: string
  readonly replicas?: number
  readonly port?: number
  /** The path of the readiness and startup probes. */
  readonly probe?: string
  readonly strategy?: 'Recreate' | 'RollingUpdate'
  /** Environment variable → `secret/key`. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly config?: boolean
  readonly startupFailures?: number
  /** Merged over the pod's spec. */
  readonly pod?: Readonly<Record<string, unknown>>
  readonly container?: Readonly<Record<string, unknown>>
}

/** The label selector of the workloads is not known of the real deployment; nothing outside the sandbox may rely on this one. */
export const labelsOf = (name: string): Record<string, string> => ({ 'app.kubernetes.io/name': name })

/** A Deployment or DaemonSet in the shape that chapter 7 gives all of honeyDue's. */
export function workload(spec: Workload): KubeObject {
  const labels = labelsOf(spec.name)
  const own = spec.namespace === undefined
  const strategy =
    spec.strategy === 'Recreate'
      ? { strategy: { type: 'Recreate' } }
      : spec.kind === 'DaemonSet'
        ? {}
        : { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }
  return {
    apiVersion: 'apps/v1',
    kind: spec.kind ?? 'Deployment',
    metadata: { name: spec.name, namespace: spec.namespace ?? namespace, labels, creationTimestamp: bornAt },
    spec: {
      ...(spec.kind === 'DaemonSet' ? {} : { replicas: spec.replicas ?? 1 }),
      selector: { matchLabels: labels },
      ...strategy,
      template: {
        metadata: { labels },
        spec: {
          ...(own ? { automountServiceAccountToken: false, imagePullSecrets: [{ name: 'gitea-credentials' }] } : {}),
          volumes: [{ name: 'tmp', emptyDir: {} }],
          containers: [container(spec)],
          ...spec.pod,
        },
      },
    },
  }
}

function container(spec: Workload): Record<string, unknown> {
  const probe = spec.probe === undefined ? undefined : { httpGet: { path: spec.probe, port: spec.port }, periodSeconds: 5 }
  return {
    name: spec.name,
    image: spec.image,
    ...(spec.port === undefined ? {} : { ports: [{ containerPort: spec.port }] }),
    ...(spec.config ? { envFrom: [{ configMapRef: { name: 'honeydue-config' } }] } : {}),
    ...(spec.secrets ? { env: Object.entries(spec.secrets).map(([name, source]) => secretEnvironment(name, source)) } : {}),
    ...(probe ? { readinessProbe: probe, startupProbe: { ...probe, failureThreshold: spec.startupFailures ?? 24 } } : {}),
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
    securityContext: { readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    ...spec.container,
  }
}

function secretEnvironment(name: string, source: string): Record<string, unknown> {
  const [secret = '', key = ''] = source.split('/')
  return { name, valueFrom: { secretKeyRef: { name: secret, key } } }
}
