import type { Environment } from '../../environment/schema.ts'
import type { ConfigMap, KubeReader, ManagedFields, Pod } from '../../systems/kube/types.ts'

export type Endpoint = 'pooler' | 'direct'

/** Who set DB_HOST last. `at`: when that manager last wrote any of its keys, RFC 3339: DB_HOST may be older, never younger. */
export interface SetBy {
  readonly manager: string
  readonly operation: string
  readonly at?: string
}

/** A pod that takes DB_HOST from the ConfigMap. What it started with is inferred: a container keeps the values of its start. */
export interface Consumer {
  readonly pod: string
  readonly startedAt?: string
  /** Whether it started after DB_HOST was last set; undefined where one of the times is not known. */
  readonly current?: boolean
}

export interface InUse {
  readonly host: string
  readonly endpoint: Endpoint | undefined
  readonly setBy: SetBy | undefined
  readonly consumers: readonly Consumer[]
}

export const key = 'DB_HOST'

/** "pooler" or "direct"; undefined for a host that is neither. */
const endpointOf = (host: string | undefined, { database }: Pick<Environment, 'database'>): Endpoint | undefined =>
  host === database.pooler ? 'pooler' : host === database.direct ? 'direct' : undefined

const owns = ({ fieldsV1 }: ManagedFields): boolean => {
  const data = fieldsV1?.['f:data']
  return typeof data === 'object' && data !== null && `f:${key}` in data
}

const setBy = ({ metadata }: ConfigMap): SetBy | undefined => {
  const [last] = (metadata.managedFields ?? []).filter(owns).sort((a, b) => (b.time ?? '').localeCompare(a.time ?? ''))
  return last && { manager: last.manager ?? 'unknown', operation: last.operation ?? '', ...(last.time !== undefined && { at: last.time }) }
}

const consumes = (pod: Pod, configMap: string): boolean =>
  pod.spec.containers.some(
    ({ env, envFrom }) =>
      envFrom?.some(({ configMapRef }) => configMapRef?.name === configMap) ||
      env?.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === configMap && valueFrom.configMapKeyRef.key === key),
  )

const consumer = ({ metadata, status }: Pod, set: SetBy | undefined): Consumer => {
  const starts = (status.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  const startedAt = starts.sort()[0]
  return {
    pod: metadata.name,
    ...(startedAt !== undefined && { startedAt }),
    ...(startedAt !== undefined && set?.at !== undefined && { current: startedAt >= set.at }),
  }
}

/** DB_HOST of the live ConfigMap and the running pods that take it from there; undefined where the ConfigMap has none. Throws what kube throws. */
export const readInUse = async (kube: KubeReader, environment: Pick<Environment, 'namespace' | 'database'>): Promise<InUse | undefined> => {
  const { namespace, database } = environment
  const [config, pods] = await Promise.all([kube.get('ConfigMap', database.configMap, namespace), kube.pods({ namespace })])
  const host = config?.data?.[key]
  if (!config || host === undefined) return undefined
  const set = setBy(config)
  return {
    host,
    endpoint: endpointOf(host, environment),
    setBy: set,
    consumers: pods
      .filter((pod) => pod.status.phase === 'Running' && pod.metadata.deletionTimestamp === undefined && consumes(pod, database.configMap))
      .map((pod) => consumer(pod, set)),
  }
}
