import { setMaxListeners } from 'node:events'
import { type Clock, seconds } from '../clock.ts'
import { Blocked, reasonOf } from '../errors.ts'
import { masked } from '../masked.ts'
import { sh } from '../shell.ts'
import type { Kind, KubeReader, Pod } from '../systems/kube/types.ts'
import type { FeedLine } from './feed.ts'
import { followed, mostFeeds, type Outcome, type Wanted } from './following.ts'
import { hider, privateKeyLines } from './hide.ts'
import { knownSecrets } from './known-secrets.ts'
import { goesOn, isAtLeast, type Level } from './level.ts'
import { bell, merged } from './merge.ts'
import { matcher } from './pattern.ts'
import { type Said, saidIn } from './record.ts'
import type { Told } from './render-line.ts'
import { podsOf, sourcesOf, waitsFor, workloadNames } from './sources.ts'

/** Where another log may still be late with a line, one that has come is told after so long. */
const patience = seconds(0.3)

export interface Showing {
  readonly kube: KubeReader
  readonly clock: Clock
  /** Ends it: of logs that are followed this is their usual end. */
  readonly signal: AbortSignal
  /** Takes lines; false when nobody reads them any more. */
  readonly tell: (lines: readonly Told[]) => Promise<boolean>
  /** A word for somebody who waits. */
  readonly say: (what: string) => void
}

export interface Filter {
  readonly grep: string | undefined
  readonly level: Level | undefined
}

/** What is to be known of what was shown. */
export interface Shown {
  readonly lines: number
  readonly pods: number
  /** Pods none of whose containers wrote anything in that time, with what they wait for. */
  readonly silent: readonly { readonly pod: string; readonly waits: string | undefined }[]
  /** Logs that could not be read, or not whole; `failed`: nothing says that what was shown of it is all. */
  readonly unread: readonly {
    readonly pod: string
    readonly container: string
    readonly previous: boolean
    readonly because: string
    readonly failed: boolean
  }[]
  /** Lines that say no level, and were left out because one was asked for. */
  readonly withoutLevel: number
  /** Secrets whose values could not be read, and are known by their look alone. */
  readonly unknownSecrets: readonly string[]
}

/** Tells the lines of all logs that are wanted, in the order of their times. Throws Blocked where there is no such pod, Usage for a bad pattern, what the API throws where nothing can be read. */
export const showLogs = async (wanted: Wanted, filter: Filter, { kube, clock, signal, tell, say }: Showing): Promise<Shown> => {
  const matches = filter.grep === undefined ? undefined : matcher(filter.grep)
  const pods = podsOf(await kube.pods({ namespace: wanted.namespace }).then((all) => named(all, wanted, kube)), wanted.workload)
  const secrets = await knownSecrets(kube, pods)
  const over = new AbortController()
  const ending = AbortSignal.any([signal, over.signal])
  // Each log hangs on it.
  setMaxListeners(0, ending)
  const changes = bell()
  const all = followed(wanted, pods, { kube, clock, signal: ending, changes, say })
  const telling = teller(hider(secrets.values), filter, matches)
  let lines = 0
  all.start()
  const watching = wanted.follow ? all.watch().catch(() => {}) : Promise.resolve()
  try {
    const options = { feeds: all.feeds, changes, clock, signal: ending, ends: all.isOver, ...(wanted.follow && { patience }) }
    for await (const piece of merged(options)) {
      all.tell(piece)
      const kept = telling.keep(piece)
      lines += kept.length
      if (kept.length > 0 && !(await tell(kept))) break
    }
  } catch (error) {
    if (!wanted.follow || !signal.aborted) throw error
  } finally {
    over.abort()
    await watching
  }
  const outcomes = all.outcomes()
  const troubles = outcomes.filter((one) => one.trouble() !== undefined)
  if (troubles.length > 0 && troubles.length === outcomes.length) throw troubles[0]?.trouble()
  return {
    lines,
    pods: new Set(outcomes.map(({ source }) => source.pod)).size,
    silent: silentOf(all.pods(), outcomes),
    unread: unreadOf(outcomes),
    withoutLevel: telling.withoutLevel(),
    unknownSecrets: secrets.unread,
  }
}

/** Filters, takes apart and hides, log by log. */
const teller = (
  hide: (text: string, name?: string) => string,
  { level: least }: Filter,
  matches: ((lines: readonly string[]) => readonly boolean[]) | undefined,
) => {
  const states = new Map<string, { readonly inKey: (text: string) => boolean; level: Level | undefined }>()
  let withoutLevel = 0
  const stateOf = (id: string) => {
    const known = states.get(id)
    if (known) return known
    const made = { inKey: privateKeyLines(), level: undefined as Level | undefined }
    states.set(id, made)
    return made
  }
  const isOfLevel = (said: Said, text: string, state: { level: Level | undefined }): boolean => {
    if (said.level !== undefined || !goesOn(text)) state.level = said.level
    if (least === undefined) return true
    if (state.level === undefined) withoutLevel++
    return state.level !== undefined && isAtLeast(state.level, least)
  }
  return {
    keep: (piece: readonly FeedLine[]): readonly Told[] => {
      const told = piece.flatMap((line): readonly Told[] => {
        const state = stateOf(line.source.id)
        const said = state.inKey(line.text) ? { level: undefined, message: '••••', fields: [] } : saidIn(line.text, hide)
        return isOfLevel(said, line.text, state) ? [{ line, said }] : []
      })
      if (!matches || told.length === 0) return told
      // What is matched is what the container wrote, without its secrets: a pattern must not find out what is hidden.
      const found = matches(told.map(({ line, said }) => (said.fields.length > 0 ? hide(line.text) : said.message)))
      return told.filter((_, at) => found[at])
    },
    withoutLevel: () => withoutLevel,
  }
}

const workloads = ['Deployment', 'StatefulSet', 'DaemonSet'] as const satisfies readonly Kind[]

/** The same pods, where those that are wanted are among them, or may come. */
const named = async (all: readonly Pod[], wanted: Wanted, kube: KubeReader): Promise<readonly Pod[]> => {
  const { namespace, workload, follow } = wanted
  const found = podsOf(all, workload)
  const logs = sourcesOf(found, { previousOnly: wanted.previous }).length
  if (logs > mostFeeds)
    throw new Blocked({
      code: 'logs-too-many',
      failed: `At most ${mostFeeds} logs can be read at once, and these are ${logs}`,
      cause: `${found.length} pods of ${workloadNames(found).join(', ')}`,
      next: sh`honeydue logs ${workloadNames(found)[0] ?? 'api'}`,
    })
  if (found.length > 0) return all
  const name = workload?.slice(workload.indexOf('/') + 1)
  const known = name === undefined ? [] : await Promise.all(workloads.map((kind) => kube.get(kind, name, namespace)))
  const exists = known.some((one) => one !== undefined)
  if (follow && (exists || workload === undefined)) return all
  const there = workloadNames(all)
  throw new Blocked({
    code: 'logs-no-pod',
    failed: workload === undefined ? `${namespace} has no pod` : `${namespace} has no pod of ${workload}`,
    cause: exists
      ? 'It is there, and has no pods now; the logs of those that were deleted went with them'
      : there.length > 0
        ? `There are pods of ${there.join(', ')}`
        : 'Nothing runs there',
    next: exists ? sh`honeydue logs ${workload ?? ''} --follow` : 'honeydue cluster:health',
  })
}

const silentOf = (pods: readonly Pod[], outcomes: readonly Outcome[]): Shown['silent'] => {
  const unread = new Set(unreadOf(outcomes).map(({ pod }) => pod))
  const spoke = new Set(outcomes.filter((one) => one.count() > 0).map(({ source }) => source.pod))
  return pods
    .filter(({ metadata: { name } }) => !spoke.has(name) && !unread.has(name))
    .map((pod) => ({ pod: pod.metadata.name, waits: waitsFor(pod) }))
}

const unreadOf = (outcomes: readonly Outcome[]): Shown['unread'] =>
  outcomes.flatMap(({ source: { pod, container, previous }, trouble, remarks }) => {
    const error = trouble()
    const because = error === undefined ? remarks()[0] : reasonOf(error)
    return because === undefined ? [] : [{ pod, container, previous, because: masked(because), failed: error !== undefined }]
  })
