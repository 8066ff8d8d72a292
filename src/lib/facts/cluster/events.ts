import type { KubeEvent } from '../../systems/kube/types.ts'

/** Warning events of one kind about one object, or about the pods of one workload. */
export interface EventGroup {
  /** "Pod api-…" for the pods of a ReplicaSet, else the object's own name. */
  readonly about: string
  readonly namespace: string
  readonly reason: string
  readonly count: number
  /** RFC 3339. */
  readonly last: string
  /** Of the last of them. */
  readonly message: string
}

const hour = 3_600_000

type Series = { readonly lastObservedTime?: string; readonly count?: number }

const seriesOf = (event: KubeEvent): Series | undefined => event.series as Series | undefined

const lastOf = (event: KubeEvent): string =>
  seriesOf(event)?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? ''

/** A ReplicaSet's pods have names of their own every time: what is the same of them is what they are known by. */
const aboutOf = ({ involvedObject: { kind = '', name = '' } = {} }: KubeEvent): string =>
  `${kind} ${kind === 'Pod' ? name.replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}$/, '-…') : name}`

/** Warnings of the last hour, grouped, the latest first. */
export const recentWarnings = (events: readonly KubeEvent[], now: Date): readonly EventGroup[] => {
  const groups = new Map<string, EventGroup>()
  for (const event of events) {
    const last = lastOf(event)
    if (event.type !== 'Warning' || !(now.getTime() - Date.parse(last) < hour)) continue
    const [about, namespace, reason] = [aboutOf(event), event.involvedObject?.namespace ?? '', event.reason ?? '']
    const key = [namespace, about, reason].join('\0')
    const before = groups.get(key)
    const latest = before && Date.parse(before.last) > Date.parse(last) ? before : { last, message: event.message ?? '' }
    const counted = (before?.count ?? 0) + (seriesOf(event)?.count ?? event.count ?? 1)
    groups.set(key, { about, namespace, reason, count: counted, last: latest.last, message: latest.message })
  }
  return [...groups.values()].sort((a, b) => Date.parse(b.last) - Date.parse(a.last))
}
