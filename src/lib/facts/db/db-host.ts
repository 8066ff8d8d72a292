import type { ConfigMap, Container, EnvEntry, PodSpec } from '../../systems/kube/types.ts'

/** The application's variable that names its database host (ch10). */
export const hostKey = 'DB_HOST'

/** Who set a key of a ConfigMap last, and when. */
export interface LastSet {
  readonly manager: string
  /** RFC 3339, to the second. */
  readonly at: string
}

/** From the owners of the field: the latest of those that own it; undefined where the server keeps none. */
export const lastSet = ({ metadata }: ConfigMap, key: string): LastSet | undefined => {
  const owners = (metadata.managedFields ?? []).flatMap(({ manager, time, fieldsV1 }) => {
    const data = fieldsV1?.['f:data'] as Readonly<Record<string, unknown>> | undefined
    return time !== undefined && data?.[`f:${key}`] !== undefined ? [{ manager: manager ?? 'unknown', at: time }] : []
  })
  return owners.sort((one, other) => one.at.localeCompare(other.at)).at(-1)
}

/** What the ConfigMap names now, and who set it when: "DB_HOST is ep-one.aws.neon.tech: kubectl-edit set it at 2026-11-29T02:11:32Z". */
export const hostSaid = (found: ConfigMap | undefined): string => {
  const set = found && lastSet(found, hostKey)
  return `${hostKey} is ${found?.data?.[hostKey] ?? 'not set'}${set ? `: ${set.manager} set it at ${set.at}` : ''}`
}

/** Where the containers of a pod get this variable from: the ConfigMap, or by an entry of their own, which hides it. */
export interface HostSource {
  /** At least one container gets the ConfigMap's value when it starts. */
  readonly reads: boolean
  /** Containers that set it themselves, with its value where it stands there in plain words. */
  readonly own: readonly { readonly container: string; readonly value?: string; readonly from: string }[]
}

/** Of a pod, or of a workload's template. */
export const hostSource = ({ containers, initContainers = [] }: PodSpec, configMap: string, key: string): HostSource => {
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

const ownOf = ({ name: container, env = [] }: Container, configMap: string, key: string): HostSource['own'] => {
  // Of two of one name the last counts.
  const entry = env.filter(({ name }) => name === key).at(-1)
  if (!entry || isFrom(entry, configMap, key)) return []
  const { secretKeyRef, configMapKeyRef } = entry.valueFrom ?? {}
  const from = secretKeyRef ? `Secret ${secretKeyRef.name}` : configMapKeyRef ? `ConfigMap ${configMapKeyRef.name}` : 'its own env'
  return [{ container, from, ...(entry.valueFrom === undefined && { value: entry.value ?? '' }) }]
}
