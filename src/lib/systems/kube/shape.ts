import type { AnyKind } from './kinds.ts'

const template = ['spec.selector', 'spec.template.spec.containers']

/** What every API server gives of these kinds, and what is read without asking whether it is there. */
const parts: Partial<Readonly<Record<AnyKind, readonly string[]>>> = {
  DaemonSet: template,
  Deployment: template,
  Node: ['spec', 'status.nodeInfo'],
  PersistentVolume: ['spec'],
  PersistentVolumeClaim: ['spec'],
  Pod: ['spec.containers', 'status'],
  ReplicaSet: ['spec.template.spec.containers'],
  StatefulSet: template,
}

const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>((one, key) => (typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[key] : undefined), value)

const isThere = (value: unknown): boolean => typeof value === 'object' && value !== null

/** Whether this is an object of the kind, as far as anybody relies on it. */
export const isOfKind = (kind: AnyKind, value: unknown): boolean =>
  typeof at(value, 'metadata.name') === 'string' && (parts[kind] ?? []).every((path) => isThere(at(value, path)))
