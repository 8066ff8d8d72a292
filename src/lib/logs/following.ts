import { type Clock, type Duration, seconds } from '../clock.ts'
import { reasonOf } from '../errors.ts'
import { hasEnded } from '../pod-state.ts'
import type { KubeReader, Pod } from '../systems/kube/types.ts'
import { type Feed, type FeedLine, feedOf } from './feed.ts'
import type { bell } from './merge.ts'
import { podsOf, type Source, sourcesOf } from './sources.ts'

/** How often is looked for pods that have come, and for logs that broke off. */
const every = seconds(2)
/** So many logs are read at a time at most: each is a connection. */
export const mostFeeds = 200

export interface Wanted {
  readonly namespace: string
  readonly workload: string | undefined
  readonly since: Duration | undefined
  readonly tail: number | undefined
  readonly previous: boolean
  readonly follow: boolean
}

interface Means {
  readonly kube: Pick<KubeReader, 'pods' | 'streamLog'>
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly changes: ReturnType<typeof bell>
  readonly say: (what: string) => void
}

/** What became of one log in the end. */
export type Outcome = Pick<Feed, 'source' | 'trouble' | 'count' | 'remarks'>

/** The logs of the pods as they are at first and, where they are followed, of those that come: a log that breaks off goes on where it was. */
export const followed = (wanted: Wanted, first: readonly Pod[], { kube, clock, signal, changes, say }: Means) => {
  let feeds: Feed[] = []
  let pods = first
  const outcomes = new Map<string, Outcome>()
  const newest = new Map<string, number>()
  /** Up to where each container's lines were told, and how many of that very time. */
  const told = new Map<string, { at: string; times: number }>()

  const read = (source: Source, from: Partial<Pick<Parameters<KubeReader['streamLog']>[0], 'sinceSeconds' | 'sinceTime' | 'tail'>>) => {
    const { namespace, pod, container, previous } = source
    const follow = wanted.follow && !previous
    const last = told.get(source.id)
    const feed = feedOf(source, {
      open: () => kube.streamLog({ namespace, pod, container, previous, follow, signal, ...from }),
      follow,
      clock,
      changed: changes.ring,
      signal,
      // As it is now: it goes on with what another feed of it tells.
      after: last && { ...last },
    })
    const key = `${source.id}/${source.run}`
    const before = outcomes.get(key)
    outcomes.set(key, before ? { ...feed, count: () => before.count() + feed.count() } : feed)
    newest.set(source.id, Math.max(source.run, newest.get(source.id) ?? 0))
    feeds.push(feed)
  }

  const start = () => {
    for (const source of sourcesOf(pods, { previousOnly: wanted.previous }))
      read(source, {
        ...(wanted.since !== undefined && { sinceSeconds: Math.max(1, Math.ceil(wanted.since / 1000)) }),
        ...(wanted.tail !== undefined && { tail: wanted.tail }),
      })
  }

  const lookAgain = () => {
    feeds = feeds.filter((feed) => feed.head() || feed.state() !== 'ended')
    const open = new Set(feeds.map(({ source }) => `${source.id}/${source.run}`))
    for (const source of sourcesOf(pods, { previousOnly: false })) {
      const known = newest.get(source.id)
      const isNew = known === undefined || source.run > known
      // What broke off while its container goes on.
      const broke = !isNew && source.runs && source.run === known && !open.has(`${source.id}/${source.run}`)
      if (!isNew && !broke) continue
      if (feeds.length >= mostFeeds) continue
      const last = told.get(source.id)
      read(source, last ? { sinceTime: `${last.at.slice(0, 19)}Z` } : {})
    }
  }

  /** Until the signal. The API may be away for a while: it is said once, and tried again. */
  const watch = async () => {
    let away = false
    while (!signal.aborted) {
      await clock.sleep(every, signal)
      try {
        pods = podsOf(await kube.pods({ namespace: wanted.namespace }), wanted.workload)
        if (away) say('The Kubernetes API answers again: the logs go on.')
        away = false
      } catch (error) {
        if (signal.aborted) return
        if (!away) say(`The Kubernetes API does not say which pods there are (${reasonOf(error)}): it is asked again.`)
        away = true
        continue
      }
      lookAgain()
      changes.ring()
    }
  }

  return {
    start,
    watch,
    feeds: (): readonly Feed[] => feeds,
    /** Nothing can come any more: every pod has ended for good, and nothing starts another in its place. */
    isOver: (): boolean =>
      !wanted.follow ||
      (wanted.workload !== undefined &&
        pods.length > 0 &&
        pods.every((pod) => hasEnded(pod) && [undefined, 'Job'].includes(pod.metadata.ownerReferences?.[0]?.kind))),
    tell: (lines: readonly FeedLine[]): void => {
      for (const { source, at } of lines) {
        const last = told.get(source.id)
        if (last === undefined) told.set(source.id, { at, times: 1 })
        else if (last.at === at) last.times++
        else {
          last.at = at
          last.times = 1
        }
      }
    },
    outcomes: (): readonly Outcome[] => [...outcomes.values()],
    pods: (): readonly Pod[] => pods,
  }
}
