import type { Container, EnvEntry, PodSpec } from '../../systems/kube/types.ts'

/** Where the containers of a pod get this variable from: the ConfigMap, or by an entry of their own, which hides it. */
export interface KeySource {
  /** At least one container gets the ConfigMap's value when it starts. */
  readonly reads: boolean
  /** Containers that set it themselves, with its value where it stands there in plain words. */
  readonly own: readonly { readonly container: string; readonly value?: string; readonly from: string }[]
}

/** Of a pod, or of a workload's template. */
export const keySource = ({ containers, initContainers = [] }: PodSpec, configMap: string, key: string): KeySource => {
  const all = [...initContainers, ...containers]
  return {
    reads: all.some((container) => reads(container, configMap, key)),
    own: all.flatMap((container) => ownOf(container, configMap, key)),
  }
}

const isFrom = ({ valueFrom }: EnvEntry, configMap: string, key: string): boolean =>
  valueFrom?.configMapKeyRef?.name === configMap && valueFrom.configMapKeyRef.key === key

const reads = (container: Container, configMap: string, key: string): boolean => {
  const { env = [], envFrom = [] } = container
  // Under its own name, or under the one that the application knows it by.
  if (env.some((entry) => isFrom(entry, configMap, key))) return true
  // A variable of its own name hides what the whole ConfigMap brings; with a prefix it comes under another name.
  return !env.some(({ name }) => name === key) && envFrom.some(({ configMapRef, prefix }) => configMapRef?.name === configMap && !prefix)
}

const ownOf = ({ name: container, env = [] }: Container, configMap: string, key: string): KeySource['own'] => {
  // Of two of one name the last counts.
  const entry = env.filter(({ name }) => name === key).at(-1)
  if (!entry || isFrom(entry, configMap, key)) return []
  const { secretKeyRef, configMapKeyRef } = entry.valueFrom ?? {}
  const from = secretKeyRef ? `Secret ${secretKeyRef.name}` : configMapKeyRef ? `ConfigMap ${configMapKeyRef.name}` : 'its own env'
  return [{ container, from, ...(entry.valueFrom === undefined && { value: entry.value ?? '' }) }]
}
