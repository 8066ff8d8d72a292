import type { ConfigMap } from '../../systems/kube/types.ts'

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

/** What the ConfigMap says now, and who set it when: "DB_HOST is ep-one.aws.neon.tech: kubectl-edit set it at 2026-11-29T02:11:32Z". */
export const keySaid = (found: ConfigMap | undefined, key: string): string => {
  const set = found && lastSet(found, key)
  return `${key} is ${found?.data?.[key] ?? 'not set'}${set ? `: ${set.manager} set it at ${set.at}` : ''}`
}
