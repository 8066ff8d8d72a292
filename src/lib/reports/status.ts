import { shortAge } from '../age.ts'
import { atMost, seconds } from '../clock.ts'
import { reasonOf, Trouble } from '../errors.ts'
import { answer } from '../facts/answer.ts'
import { wakes } from '../facts/db/activity.ts'
import type { Context } from '../plan/context.ts'
import { defineReport, type Observation, type View } from '../plan/report.ts'
import { sh } from '../shell.ts'
import type { Readers } from '../systems/systems.ts'
import { cacheStatus } from './cache/status.ts'
import { certStatus } from './cert/status.ts'
import { clusterHealth } from './cluster/health.ts'
import { configDiff, configDrift } from './config/diff.ts'
import { migrations } from './db/migrations.ts'
import { databaseStatus } from './db/status.ts'
import { edgeStatus } from './edge/status.ts'
import { firewallStatus } from './firewall/status.ts'
import { nodesStatus } from './nodes/status.ts'
import { queueStatus } from './queue/status.ts'
import { type Beside, besides } from './status-beside.ts'

const needs = ['nodes', 'kube', 'postgres', 'checkout', 'registry', 'neon', 'redis', 'cloudflare', 'http'] as const
type Look = Readers<(typeof needs)[number]>

/** What one line stands for, and the report that it is the short form of. */
interface Part {
  readonly what: string
  readonly command: string
  look(look: Look, context: Context): Promise<View>
}

/** Causes before what they cause: a node that is away is also missing in the cluster, in the database's ways and at the edge. */
const parts: readonly Part[] = [
  { what: 'nodes', command: nodesStatus.id, look: (look, context) => nodesStatus.look({}, look, context) },
  { what: 'cluster', command: clusterHealth.id, look: (look, context) => clusterHealth.look({}, look, context) },
  { what: 'database', command: databaseStatus.id, look: (look, context) => databaseStatus.look({}, look, context) },
  { what: 'migrations', command: migrations.id, look: (look, context) => migrations.look({ image: undefined }, look, context) },
  { what: 'cache', command: cacheStatus.id, look: (look, context) => cacheStatus.look({}, look, context) },
  { what: 'job queue', command: queueStatus.id, look: (look, context) => queueStatus.look({ type: undefined }, look, context) },
  { what: 'certificate', command: certStatus.id, look: (look, context) => certStatus.look({}, look, context) },
  { what: 'edge', command: edgeStatus.id, look: (look, context) => edgeStatus.look({}, look, context) },
  { what: 'firewall', command: firewallStatus.id, look: (look, context) => firewallStatus.look({}, look, context) },
  // Of the manifests it would take seconds to know.
  {
    what: 'configuration',
    command: configDiff.id,
    look: async (look, context) => ({ ...(await configDrift(look, context)), tables: [], data: undefined }),
  },
]

/** What takes longer is told as not known: a screen that is late is no first screen. */
const patience = seconds(10)

/** One part as it was found, or why it is not known. */
type Found = Pick<Part, 'what' | 'command'> & ({ readonly view: View } | { readonly because: string; readonly next?: string })

/** Everything in one screen, a line a part: what is wrong, and the report that shows more of it. */
export const status = defineReport({
  id: 'status',
  title: 'Show the whole deployment on one screen: what is wrong, and where to look',
  needs,
  choices: {},
  look: async (_, look, context) => {
    const [all, beside] = await Promise.all([Promise.all(parts.map((part) => find(part, look, context))), besides(look, context)])
    const since = await context.seenSince?.(Object.fromEntries(all.map((found) => [found.command, stateOf(found)])))
    return viewOf(all, beside, { since, now: context.clock.now() })
  },
})

const find = async ({ what, command, look: ask }: Part, look: Look, context: Context): Promise<Found> => {
  const found = await atMost(context.clock, patience, answer(ask(look, context)))
  if (!found) return { what, command, because: `no answer within ${patience / 1000} s` }
  if (found.answered) return { what, command, view: found.value }
  const next = found.error instanceof Trouble ? found.error.next : undefined
  return { what, command, because: reasonOf(found.error), ...(next !== undefined && { next }) }
}

/** Since when each part was seen in its state, by its command. */
interface SeenSince {
  readonly since?: Readonly<Record<string, string>> | undefined
  readonly now?: Date
}

/** A part in a word. What could not be asked is not known, which is not well. */
const stateOf = (found: Found): 'wrong' | 'not known' | 'warning' | 'well' => {
  if ('because' in found || found.view.unreachable) return 'not known'
  const levels = found.view.findings.map(({ level }) => level)
  return levels.includes('wrong') ? 'wrong' : levels.length > 0 ? 'warning' : 'well'
}

const lasted = (since: string | undefined, now: Date): string =>
  since === undefined ? '' : shortAge(Math.max(0, (now.getTime() - Date.parse(since)) / 1000))

const worstOf = (view: View): Observation | undefined => view.findings.find(({ level }) => level === 'wrong') ?? view.findings[0]

/** The nodes that do not answer over SSH, as the report about nodes says it for machines. */
const awayOf = (all: readonly Found[]): readonly string[] => {
  const nodes = all.find(({ command }) => command === nodesStatus.id)
  if (!nodes || 'because' in nodes) return []
  const { nodes: hosts } = nodes.view.data as {
    readonly nodes: readonly { readonly alias: string; readonly host: { readonly answered: boolean } }[]
  }
  return hosts.filter(({ host }) => !host.answered).map(({ alias }) => alias)
}

/** Too few nodes are left for etcd, so that the Kubernetes API is away with them: what every other part then misses is no cause of its own. */
const lostQuorum = (all: readonly Found[], away: readonly string[]): Observation | undefined => {
  const nodes = all.find(({ command }) => command === nodesStatus.id)
  const text = nodes && 'view' in nodes ? nodes.view.findings.find((one) => one.next === 'honeydue cluster:etcd') : undefined
  return away.length > 0 && text ? { ...text, text: `nodes: ${text.text}` } : undefined
}

/** Whole words of a sentence's beginning, which says what it is about, and of its end, where causes stand. */
const brief = (text: string): string =>
  text.length <= 120 ? text : `${text.slice(0, 64).replace(/\s+\S*$/, '')} … ${text.slice(-56).replace(/^\S*\s+/, '')}`

const isNamed = (alias: string, text: string): boolean => text.split(/[^\w-]+/).includes(alias)

const isLedTo = (edge: Found, away: readonly string[]): boolean => {
  const worst = 'view' in edge ? worstOf(edge.view) : undefined
  return worst?.level === 'wrong' && away.some((alias) => isNamed(alias, worst.text))
}

/**
 * From the reports to the one screen, one cause one line: parts that are not known for one reason share it, and those that only say again that a
 * node is away are counted under it. What the edge says of such a node stands: it is what customers feel, and has its own cure. Pure.
 */
export const viewOf = (all: readonly Found[], beside: readonly Beside[] = [], { since = {}, now = new Date() }: SeenSince = {}): View => {
  const away = awayOf(all)
  const echoes = all.filter(
    (found) =>
      'view' in found &&
      stateOf(found) === 'wrong' &&
      ![nodesStatus.id, edgeStatus.id].includes(found.command) &&
      found.view.findings.every(({ level, text }) => level !== 'wrong' || away.some((alias) => isNamed(alias, text))),
  )
  const reasons = new Map<string, string[]>()
  for (const found of all) if ('because' in found) reasons.set(found.because, [...(reasons.get(found.because) ?? []), found.what])
  // Customers that are led to a node that is away come before all.
  const led = all.filter((found) => found.command === edgeStatus.id && isLedTo(found, away))
  const quorum = lostQuorum(all, away)
  const behind = (found: Found) =>
    quorum !== undefined && !led.includes(found) && found.command !== nodesStatus.id && ['wrong', 'not known'].includes(stateOf(found))
  const findings = [...led, ...all.filter((found) => !led.includes(found))].flatMap((found): readonly Observation[] => {
    if (behind(found)) return []
    if (quorum && found.command === nodesStatus.id) return [quorum]
    const state = stateOf(found)
    if (state === 'well' || echoes.includes(found)) return []
    if ('because' in found) {
      const sharing = reasons.get(found.because) ?? []
      return sharing[0] === found.what
        ? [
            {
              level: 'wrong',
              text: `${sharing.join(', ')}: not known. ${found.because}`,
              next: found.next ?? sh`honeydue ${found.command}`,
            },
          ]
        : []
    }
    const worst = worstOf(found.view)
    const others = found.view.findings.length - 1
    const text = `${found.what}: ${worst ? brief(worst.text) : 'nothing of it answers'}${others > 0 ? ` (and ${others} more)` : ''}`
    return [{ level: state === 'warning' ? 'warning' : 'wrong', text, ...(worst?.next !== undefined && { next: worst.next }) }]
  })
  const again = (quorum ? all.filter(behind) : echoes).map(({ what }) => what).join(', ')
  return {
    // Of one level the order stays: causes first.
    findings: [
      ...(quorum ? [quorum] : []),
      ...findings.filter((one) => one.level === 'wrong' && one !== quorum),
      ...(again
        ? [
            {
              level: 'wrong' as const,
              text: quorum
                ? `${again}: not known, or wrong for the same cause`
                : `${again}: nothing but what names ${away.join(', ')}, which does not answer`,
            },
          ]
        : []),
      ...findings.filter(({ level }) => level === 'warning'),
      ...beside.flatMap(({ finding }) => finding ?? []),
    ],
    tables: [
      {
        columns: ['', 'state', 'seen so for', 'findings', 'shows more'],
        rows: [
          ...all.map((found) => [
            found.what,
            stateOf(found),
            lasted(since[found.command], now),
            'view' in found && found.view.findings.length > 0 ? String(found.view.findings.length) : '',
            found.command,
          ]),
        ],
      },
      {
        columns: ['beside', 'state', '', 'shows more'],
        rows: beside.map(({ what, state, told, command }) => [what, state, told, command]),
      },
    ],
    notes: [wakes],
    unreachable: all.every((found) => stateOf(found) === 'not known'),
    data: Object.fromEntries([
      ...all.map(
        (found) =>
          [
            found.command,
            {
              state: stateOf(found),
              ...(since[found.command] !== undefined && { seenSince: since[found.command] }),
              ...('view' in found ? { findings: found.view.findings } : { because: found.because }),
            },
          ] as const,
      ),
      ...beside.map(({ what, state, told }) => [what, { state, told }] as const),
    ]),
  }
}
