import { configMap, secret } from './configuration.ts'
import { namespace, node, persistentVolumeClaim } from './core.ts'
import { cronJob } from './cron-job.ts'
import { event, newerEvent } from './event.ts'
import type { Kind } from './kind.ts'
import { custom, ingress, lease, networkPolicy, podDisruptionBudget, role, roleRef, storageClass } from './other.ts'
import { pod } from './pod.ts'
import { service } from './service.ts'
import { daemonSet, deployment, job, replicaSet, statefulSet } from './workloads.ts'

const kinds: Readonly<Record<string, Kind>> = {
  ConfigMap: configMap,
  Secret: secret,
  Pod: pod,
  Service: service,
  Event: event,
  EventsEvent: newerEvent,
  Namespace: namespace,
  Node: node,
  PersistentVolumeClaim: persistentVolumeClaim,
  Deployment: deployment,
  ReplicaSet: replicaSet,
  DaemonSet: daemonSet,
  StatefulSet: statefulSet,
  Job: job,
  CronJob: cronJob,
  Lease: lease,
  PodDisruptionBudget: podDisruptionBudget,
  Ingress: ingress,
  NetworkPolicy: networkPolicy,
  StorageClass: storageClass,
  Role: role,
  ClusterRole: role,
  RoleBinding: roleRef,
  ClusterRoleBinding: roleRef,
  IngressRoute: custom,
  Middleware: custom,
  TLSOption: custom,
  TLSStore: custom,
}

/** What is special about the objects of a resource; by its type where two of them share a kind. */
export const kindOf = ({ kind, type }: { readonly kind: string; readonly type: string }): Kind => kinds[type] ?? kinds[kind] ?? {}
