import type { Environment } from '../../environment/schema.ts'
import { isLeaving } from '../../pod-state.ts'
import type { ConfigMap, KubeReader, ManagedFields, Pod } from '../../systems/kube/types.ts'
import { ownerOf } from '../cluster/owner.ts'
import { type KeySource, keySource } from '../config/key-source.ts'

export type Endpoint = 'pooler' | 'direct'

/** Who set DB_HOST last. `at`: when that manager last wrote any of its keys, RFC 3339: DB_HOST may be older, never younger. */
export interface SetBy {
  readonly manager: string
  readonly operation: string
  readonly at?: string
}

/** A pod that takes DB_HOST from the ConfigMap, or sets it itself. What it started with is inferred: a container keeps the values of its start. */
export interface Consumer {
  readonly pod: string
  readonly startedAt?: string
  /** The workload behind it: "Deployment api". */
  readonly owner: string
  /** Whether it started after DB_HOST was last set; undefined where one of the times is not known. */
  readonly current?: boolean
  /** It sets DB_HOST itself: the ConfigMap does not reach it. `host` where it stands there in plain words. */
  readonly own?: { readonly from: string; readonly host?: string; readonly endpoint?: Endpoint }
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

const consumer = (pod: Pod, { reads, own }: KeySource, set: SetBy | undefined, environment: Pick<Environment, 'database'>): Consumer => {
  const { metadata, status } = pod
  const starts = (status.containerStatuses ?? []).flatMap(({ state }) => state?.running?.startedAt ?? [])
  const startedAt = starts.sort()[0]
  const [sets] = own
  const endpoint = endpointOf(sets?.value, environment)
  return {
    pod: metadata.name,
    owner: ownerOf(pod),
    ...(startedAt !== undefined && { startedAt }),
    ...(reads && startedAt !== undefined && set?.at !== undefined && { current: startedAt >= set.at }),
    ...(sets && { own: { from: sets.from, ...(sets.value !== undefined && { host: sets.value }), ...(endpoint && { endpoint }) } }),
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
      .filter((pod) => pod.status.phase === 'Running' && !isLeaving(pod))
      .map((pod) => ({ pod, source: keySource(pod.spec, database.configMap, key) }))
      .filter(({ source }) => source.reads || source.own.length > 0)
      .map(({ pod, source }) => consumer(pod, source, set, environment)),
  }
}
