import { age } from '../../age.ts'
import { reasonOf } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import { type ObservabilitySurvey, surveyObservability } from '../../facts/observability/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { observabilityFindings } from './findings.ts'
import { newestOf } from './sample-findings.ts'

/** Whether what the application counts and traces gets where it is looked at. Nothing is written. */
export const observabilityStatus = defineReport({
  id: 'observability:status',
  title: 'Show whether metrics and traces arrive, and what keeps them away',
  needs: ['kube', 'metrics', 'traces', 'checkout'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const survey = await surveyObservability(look, environment, clock)
    const now = clock.now()
    const { agent, barred, write, samples, traced, grafana } = survey
    const asked: readonly (Answer<unknown> | undefined)[] = [
      agent,
      barred,
      write,
      samples,
      grafana,
      ...(traced ?? []).map(({ last }) => last),
    ]
    return {
      findings: observabilityFindings(survey, environment, now),
      tables: [table(survey, now)],
      notes: notesOf(survey, environment.observability.service),
      unreachable: asked.every((one) => one === undefined || !one.answered),
      data: dataOf(survey),
    }
  },
})

const ago = (at: Date, now: Date): string => `${age(Math.max(0, now.getTime() - at.getTime()) / 1000)} ago`

const table = ({ agent, write, samples, traced, grafana }: ObservabilitySurvey, now: Date): Table => {
  const said = <T>(given: Answer<T> | undefined, words: (value: T) => string): string =>
    given === undefined ? 'not asked' : given.answered ? words(given.value) : 'NO ANSWER'
  return {
    title: 'Metrics and traces',
    columns: ['', ''],
    rows: [
      ['vmagent scrapes', said(agent, ({ targets }) => `${targets.filter(({ up }) => up).length} of ${targets.length} targets up`)],
      [
        'vmagent pushes',
        said(agent, ({ answers, dropped, errors, pendingBytes }) => {
          const answered = Object.entries(answers).map(([status, count]) => `${status} × ${count}`)
          return [
            ...answered,
            ...(errors > 0 ? [`no answer × ${errors}`] : []),
            `${dropped} thrown away`,
            `${pendingBytes} bytes wait`,
          ].join(', ')
        }),
      ],
      ['token', said(write, (one) => (one.takes ? 'accepted' : `REFUSED (${one.status})`))],
      [
        'newest sample',
        said(samples, ({ pods, last }) => {
          const at = newestOf(pods)?.at ?? last
          return at === undefined ? 'NONE' : ago(at, now)
        }),
      ],
      ...(traced ?? []).map(({ service, last }) => [`trace of ${service}`, said(last, (at) => (at === undefined ? 'NONE' : ago(at, now)))]),
      ...(traced === undefined ? [['traces', 'not asked']] : []),
      ['Grafana', said(grafana, ({ database, version }) => `answers${version && `, ${version}`}, database ${database}`)],
      [
        'data sources',
        said(grafana, ({ sources }) =>
          sources === undefined ? 'not asked' : `${sources.filter(({ well }) => well).length} of ${sources.length} well`,
        ),
      ],
    ],
  }
}

const notesOf = ({ samples, grafana }: ObservabilitySurvey, service: string): readonly string[] => [
  ...(samples?.answered && samples.value.pods.length > 0 && samples.value.pods.every(({ namespace }) => namespace === undefined)
    ? [`The API's samples have no label namespace: ask for service="${service}", and a dashboard by namespace shows nothing of it`]
    : []),
  ...(grafana.answered && grafana.value.sources === undefined
    ? ["Grafana's data sources were not asked for: observability.grafana_token_command is not in the configuration"]
    : []),
  'Two schedulers, which enqueue every job twice, are seen in the queue: honeydue queue:status',
]

const dataOf = ({ agent, barred, write, sourceLetsIn, samples, traced, grafana, lacking }: ObservabilitySurvey) => {
  const told = <T>(given: Answer<T> | undefined) =>
    given === undefined ? null : given.answered ? given.value : { error: reasonOf(given.error), code: codeOf(given) }
  return {
    lacking,
    agent: told(agent),
    barred: told(barred),
    token: told(write),
    sourceLetsIn,
    samples: told(samples),
    traces: traced?.map(({ service, last }) => ({ service, last: last.answered ? (last.value ?? null) : told(last) })) ?? null,
    grafana: told(grafana),
  }
}
