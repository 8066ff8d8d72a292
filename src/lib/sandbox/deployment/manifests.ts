import { stringify } from 'yaml'
import type { KubeObject } from '../kubernetes/types.ts'
import { applicationObjects } from './application.ts'
import { namespace } from './facts.ts'

/** What rbac.yaml gives nobody yet: 03-deploy.sh does not apply it (RUNBOOK 9). What the real one holds is not known. */
const rbac: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'honeydue', namespace }, automountServiceAccountToken: false },
]

/** `deploy-k3s/manifests/`, by path: the real files' texts are not known, but what they made of the cluster is. */
export const manifests = (): Readonly<Record<string, string>> => {
  const objects = applicationObjects()
  const named = (name: string, ...kinds: readonly string[]) =>
    objects.filter(({ kind, metadata }) => kinds.includes(kind) && metadata.name.startsWith(name))
  const own = (name: string) => named(name, 'Deployment', 'Service', 'PersistentVolumeClaim')
  return Object.fromEntries(
    [
      ...['api', 'admin', 'web', 'worker', 'redis'].map((name) => [`${name}.yaml`, own(name)] as const),
      ['observability/vmagent.yaml', own('vmagent')] as const,
      ['pod-disruption-budgets.yaml', named('', 'PodDisruptionBudget')] as const,
      ['rbac.yaml', rbac] as const,
    ].map(([file, list]) => [`deploy-k3s/manifests/${file}`, list.map(written).join('---\n')]),
  )
}

const written = ({ metadata, status: _, ...object }: KubeObject): string => {
  const { creationTimestamp: __, ...own } = metadata
  const { apiVersion, kind, ...rest } = object
  return stringify({ apiVersion, kind, metadata: own, ...rest }, { lineWidth: 0 })
}
