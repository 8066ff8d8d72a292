import { counted } from '../../counted.ts'
import type { SettingsPlace } from '../../environment/load.ts'
import { reasonOf, Usage } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { readBootLogs, type Warmup, warmupOf } from '../../facts/db/warmup.ts'
import { milliseconds } from '../../facts/nodes/quantities.ts'
import { defineReport, type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { HttpReader } from '../../systems/http/types.ts'

/** The Deployment that warms its pool up (ch07, ch08). */
const deployment = 'api'
const requests = 5
/** A cold connection to the database costs about 440 ms (ch08): half of it is no accident of the network. */
const noticeable = 220

/** Section 24: what each api pod's boot log says of the warm-up, and whether a first request is slower than those after it. */
export const verifyWarmup = defineReport({
  id: 'db:verify-warmup',
  section: 24,
  title: 'Show whether each api pod warmed its database pool up',
  needs: ['kube', 'http'],
  choices: {},
  look: async (_, look, { environment, settings }) => {
    const { namespace, warmup, health } = environment
    const pattern = patternOf(warmup.pattern)
    const [logs, impact] = await Promise.all([readBootLogs(look.kube, { namespace, deployment }), impactOf(look.http, health)])
    const found = (logs ?? []).flatMap(({ pod, lines }) => (lines.answered ? [warmupOf(pod, lines.value, pattern)] : []))
    const unread = (logs ?? []).flatMap(({ pod, lines }): Observation[] =>
      lines.answered ? [] : [{ level: 'wrong', text: `The log of ${pod.metadata.name} cannot be read: ${reasonOf(lines.error)}` }],
    )
    const missing: Observation[] =
      logs === undefined || logs.length === 0
        ? [
            {
              level: 'wrong',
              text: `${logs ? 'No pod of' : 'There is no'} Deployment ${namespace}/${deployment}${logs ? ' is there' : ''}`,
              next: sh`kubectl -n ${namespace} get deployments`,
            },
          ]
        : []
    const findings = [...missing, ...unread, ...warmupFindings(found, warmup, namespace, settings), ...impactFindings(impact)]
    return {
      findings: worstFirst(findings),
      tables: [
        {
          title: `Warm-up at boot, ${warmup.pings} pings expected`,
          columns: ['pod', 'ready', 'restarts', 'pings', 'took'],
          rows: found.map(({ pod, ready, restarts, line, pings, ms }) => [
            pod,
            ready ? 'yes' : 'no',
            String(restarts),
            pings === undefined ? (line === undefined ? 'not found' : '?') : String(pings),
            ms === undefined ? '' : milliseconds(ms),
          ]),
        },
        ...found.flatMap(({ pod, candidates }) =>
          candidates.length === 0
            ? []
            : [{ title: `Lines of ${pod} that may be the one`, columns: [''], rows: candidates.map((line) => [line.slice(0, 78)]) }],
        ),
        ...(impact.answered
          ? [
              {
                title: 'Requests one after the other',
                columns: ['first', 'then (median)'],
                rows: [[milliseconds(impact.value.first), milliseconds(impact.value.later)]],
              },
            ]
          : []),
      ],
      notes: [
        `The requests go to ${health}, each over a new connection; a pod that has already served others has no first request left to be slow`,
      ],
      data: {
        expected: warmup.pings,
        pattern: warmup.pattern ?? null,
        pods: found,
        requests: impact.answered ? impact.value : { error: reasonOf(impact.error) },
      },
    }
  },
})

const patternOf = (text: string | undefined): RegExp | undefined => {
  try {
    return text === undefined ? undefined : new RegExp(text)
  } catch (error) {
    throw new Usage(
      {
        code: 'warmup-pattern',
        failed: 'warmup.pattern is no regular expression',
        cause: reasonOf(error),
        next: 'honeydue config:explain',
      },
      { cause: error },
    )
  }
}

/** Where the pattern is to be written, what it is, and what it may be made from. */
const unset = (pods: readonly Warmup[], settings: SettingsPlace | undefined): string => {
  const key = [settings?.under, 'warmup.pattern'].filter(Boolean).join('.')
  const below = pods.some(({ candidates }) => candidates.length > 0)
    ? 'that finds one of the lines below'
    : 'that finds it: no line at the beginning of a log looks like it'
  return `Not known: nobody has said which log line tells of the warm-up. Set ${key}${settings ? ` in ${settings.file}` : ''} to a regular expression ${below}, its numbers as (?<pings>\\d+) and (?<ms>\\d+)`
}

const warmupFindings = (
  pods: readonly Warmup[],
  { pattern, pings: expected }: { readonly pattern?: string | undefined; readonly pings: number },
  namespace: string,
  settings: SettingsPlace | undefined,
): readonly Observation[] =>
  pattern === undefined
    ? [{ level: 'warning', text: unset(pods, settings), next: 'honeydue config:explain' }]
    : pods.flatMap(({ pod, line, pings }): readonly Observation[] => {
        const next = sh`kubectl -n ${namespace} logs ${pod} | head -50`
        if (line === undefined) return [{ level: 'wrong', text: `${pod} has no warm-up line at the beginning of its log`, next }]
        return pings !== undefined && pings < expected
          ? [{ level: 'wrong', text: `${pod} pinged ${counted(pings, 'time')} at boot, not ${expected}`, next }]
          : []
      })

interface Impact {
  readonly first: number
  /** The median of those after the first; milliseconds. */
  readonly later: number
  readonly status: number
}

/** One request and then four more, one after the other: beside each other they would all be first ones. */
const impactOf = (http: HttpReader, url: string): Promise<Answer<Impact>> =>
  answer(
    (async () => {
      const first = await http.get(url)
      const rest: number[] = []
      for (let n = 1; n < requests; n++) rest.push((await http.get(url)).latencyMs)
      return { first: first.latencyMs, later: rest.sort((a, b) => a - b)[rest.length >> 1] ?? 0, status: first.status }
    })(),
  )

const impactFindings = (impact: Answer<Impact>): readonly Observation[] => {
  if (!impact.answered) return [{ level: 'wrong', text: reasonOf(impact.error), next: 'honeydue cluster:health' }]
  const { first, later, status } = impact.value
  return [
    ...(status === 200
      ? []
      : [{ level: 'wrong' as const, text: `The health endpoint answers ${status}`, next: 'honeydue cluster:health' }]),
    ...(first - later > noticeable
      ? [
          {
            level: 'warning' as const,
            text: `The first request took ${milliseconds(first)}, the others ${milliseconds(later)}: a cold pool costs about 440 ms`,
          },
        ]
      : []),
  ]
}
