import type { ConfigMap, Container, Deployment, Pod } from '../../systems/kube/types.ts'

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

/** Whether the containers of a Deployment get this key of the ConfigMap as a variable when they start. */
export const consumes = ({ spec }: Deployment, configMap: string, key: string): boolean =>
  [...(spec.template.spec.initContainers ?? []), ...spec.template.spec.containers].some((container) => reads(container, configMap, key))

const reads = ({ env = [], envFrom = [] }: Container, configMap: string, key: string): boolean => {
  const named = env.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === configMap && valueFrom.configMapKeyRef.key === key)
  // A variable of its own name hides what the whole ConfigMap brings.
  const hidden = env.some(({ name }) => name === key)
  return named || (!hidden && envFrom.some(({ configMapRef }) => configMapRef?.name === configMap))
}

/**
 * When the pod's variables were resolved: at the start of the container that started first, or at the pod's creation where none runs.
 * A pod does not say which values it got; what was last set before this moment is what it got.
 */
export const startedAt = ({ metadata, status }: Pod): string => {
  const started = (status.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  return started.sort()[0] ?? metadata.creationTimestamp ?? ''
}
