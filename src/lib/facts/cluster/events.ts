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
  /** Of the last of them, or of one a moment earlier that says more. */
  readonly message: string
}

const minute = 60_000
const hour = 60 * minute

type Series = { readonly lastObservedTime?: string; readonly count?: number }

const seriesOf = (event: KubeEvent): Series | undefined => event.series as Series | undefined

const lastOf = (event: KubeEvent): string =>
  seriesOf(event)?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp ?? ''

const countOf = (event: KubeEvent): number => seriesOf(event)?.count ?? event.count ?? 1

/** A ReplicaSet's pods have names of their own every time: what is the same of them is what they are known by. */
const aboutOf = ({ involvedObject: { kind = '', name = '' } = {} }: KubeEvent): string =>
  `${kind} ${kind === 'Pod' ? name.replace(/-[a-z0-9]{8,10}-[a-z0-9]{5}$/, '-…') : name}`

/** Of warnings about one thing the words that tell most: "Error: ErrImagePull" comes in the same second as the event with the registry's answer: of the last five minutes the longest says most. */
export const tellingOf = (events: readonly KubeEvent[]): string => {
  const latest = Math.max(...events.map((event) => Date.parse(lastOf(event)) || 0))
  const all = events.filter((event) => (Date.parse(lastOf(event)) || 0) >= latest - 5 * minute).map(({ message = '' }) => message)
  const telling = all.filter((message) => !waitedInVain.test(message))
  const near = telling.length > 0 ? telling : all
  return near.reduce((best, message) => (message.length > best.length ? message : best), '')
}

/** The kubelet's own wait for a pod's volumes is over: another event says why each of them is missing. */
const waitedInVain = /^Unable to attach or mount volumes: /

const latestFirst = (a: KubeEvent, b: KubeEvent): number => Date.parse(lastOf(b)) - Date.parse(lastOf(a))

const ofLastHour = (events: readonly KubeEvent[], now: Date): readonly KubeEvent[] =>
  events.filter((event) => event.type === 'Warning' && now.getTime() - Date.parse(lastOf(event)) < hour)

/** Warnings of the last hour, grouped, the latest first. */
export const recentWarnings = (events: readonly KubeEvent[], now: Date): readonly EventGroup[] => {
  const groups = new Map<string, KubeEvent[]>()
  for (const event of ofLastHour(events, now)) {
    const key = [event.involvedObject?.namespace, aboutOf(event), event.reason].join('\0')
    const group = groups.get(key)
    if (group) group.push(event)
    else groups.set(key, [event])
  }
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group.sort(latestFirst)
      if (!first) return []
      return [
        {
          about: aboutOf(first),
          namespace: first.involvedObject?.namespace ?? '',
          reason: first.reason ?? '',
          count: group.reduce((sum, event) => sum + countOf(event), 0),
          last: lastOf(first),
          message: tellingOf(group),
        },
      ]
    })
    .sort((a, b) => Date.parse(b.last) - Date.parse(a.last))
}

/** The latest warning of the last hour about one object, in the words that say most; `reasons`: of these kinds alone. */
export const warningAbout = (
  events: readonly KubeEvent[],
  now: Date,
  {
    kind,
    namespace,
    name,
    reasons,
  }: { readonly kind: string; readonly namespace: string; readonly name: (name: string) => boolean; readonly reasons?: readonly string[] },
): string | undefined => {
  const about = ofLastHour(events, now).filter(
    ({ involvedObject, reason = '' }) =>
      involvedObject?.kind === kind &&
      involvedObject.namespace === namespace &&
      name(involvedObject.name ?? '') &&
      (reasons === undefined || reasons.includes(reason)),
  )
  const telling = about.filter(({ reason = '' }) => !consequences.has(reason))
  return tellingOf(telling.length > 0 ? telling : about) || undefined
}

/** Of a pull or a crash that was told before, and of a time before the pod had a node. */
const consequences = new Set(['BackOff', 'FailedScheduling'])
