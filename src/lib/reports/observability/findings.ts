import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { type Answer, codeOf } from '../../facts/answer.ts'
import type { ObservabilitySurvey, TracedService } from '../../facts/observability/survey.ts'
import { tracedHours } from '../../facts/observability/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import type { Grafana } from '../../systems/metrics/types.ts'
import { agentFindings } from './agent-findings.ts'
import { sampleFindings } from './sample-findings.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })
const nextOf = (error: unknown): string | undefined => (error instanceof Trouble ? error.next : undefined)

/** What is wrong: that nothing gets in first, then what is there and deceives. Each sentence stands once, however many parts say it. */
export const observabilityFindings = (survey: ObservabilitySurvey, environment: Environment, now: Date): readonly Observation[] => {
  const all = [
    ...ofWrite(survey, environment),
    ...agentFindings(survey, environment, now),
    ...sampleFindings(survey, environment, now),
    ...(survey.traced ?? []).flatMap((one) => ofTraced(one, now)),
    ...ofGrafana(survey.grafana),
    ...survey.lacking.map((lack) => warning(`Not asked: ${lack}`, 'honeydue config:explain')),
  ]
  const once = all.filter(({ text }, i) => all.findIndex((one) => one.text === text) === i)
  return worstFirst(once)
}

/** Which of the three is wrong, the command finds out by itself. */
const ofWrite = (
  { write, sourceLetsIn }: ObservabilitySurvey,
  { observability: { secret, tokenKey, write: url } }: Environment,
): readonly Observation[] => {
  const cure = 'honeydue observability:fix-token'
  if (!write.answered) return [wrong(reasonOf(write.error), codeOf(write) === 'ingest-no-token' ? cure : nextOf(write.error))]
  if (write.value.takes) return []
  const other = sourceLetsIn ? ', and takes that of its source' : ''
  return [
    wrong(
      `${new URL(url).host} refuses the token that ${secret} has as ${tokenKey} (${write.value.status})${other}: api and worker send no traces`,
      cure,
    ),
  ]
}

const ofTraced = ({ service, last }: TracedService, now: Date): readonly Observation[] => {
  if (!last.answered) return [wrong(reasonOf(last.error), nextOf(last.error))]
  if (last.value === undefined)
    return [wrong(`There is no trace of ${service} of the last ${tracedHours} hours`, 'honeydue secrets:status')]
  const seconds = (now.getTime() - last.value.getTime()) / 1000
  return seconds > 3600 ? [warning(`The newest trace of ${service} is ${age(seconds)} old`, 'honeydue secrets:status')] : []
}

const ofGrafana = (grafana: Answer<Grafana>): readonly Observation[] => {
  if (!grafana.answered) {
    const own = codeOf(grafana).startsWith('grafana') ? '' : 'Grafana could not be asked: '
    return [wrong(`${own}${reasonOf(grafana.error)}`, nextOf(grafana.error))]
  }
  const { database, sources = [] } = grafana.value
  return [
    ...(database === 'ok' ? [] : [wrong(`Grafana says that its own database is ${database}: dashboards do not load`)]),
    ...sources
      .filter(({ well }) => !well)
      .map(({ name, says }) => wrong(`Grafana does not reach its data source ${name}${says && `: ${says}`}`)),
    ...(grafana.value.sources?.length === 0 ? [wrong(`Grafana has ${counted(0, 'data source')}: every dashboard is empty`)] : []),
  ]
}
