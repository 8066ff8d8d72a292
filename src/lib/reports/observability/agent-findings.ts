import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import { codeOf } from '../../facts/answer.ts'
import type { ObservabilitySurvey } from '../../facts/observability/survey.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'
import type { Agent } from '../../systems/metrics/types.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })

/** Scrapes come every 15 s (ch15): two minutes are no delay any more. */
export const lateSeconds = 120

/** What keeps the agent from scraping and pushing. */
export const agentFindings = (survey: ObservabilitySurvey, environment: Environment, now: Date): readonly Observation[] => {
  const { agent } = survey
  const barred = survey.barred.answered ? survey.barred.value : []
  const policies = ofPolicies(barred, environment)
  if (!agent.answered) {
    const next = agent.error instanceof Trouble ? agent.error.next : undefined
    // What the cluster says is said of other questions too, in the same words.
    const text = codeOf(agent).startsWith('kube-') ? reasonOf(agent.error) : `vmagent could not be asked: ${reasonOf(agent.error)}`
    return [...policies, wrong(text, next)]
  }
  const unseen: readonly Observation[] = survey.barred.answered
    ? []
    : [{ level: 'warning', text: `Whether a NetworkPolicy bars vmagent is not known: ${reasonOf(survey.barred.error)}` }]
  return [...policies, ...unseen, ...ofPushes(survey, agent.value, environment, barred), ...ofTargets(agent.value, environment, now)]
}

const ofPolicies = (barred: readonly string[], { namespace, observability: { write } }: Environment): readonly Observation[] =>
  barred.length === 0
    ? []
    : [
        wrong(
          `${barred.length === 1 ? 'NetworkPolicy' : 'NetworkPolicies'} ${barred.join(', ')}: vmagent is not let out on 443, and cannot push to ${new URL(write).host}`,
          sh`kubectl -n ${namespace} get networkpolicy ${barred[0] ?? ''} -o yaml`,
        ),
      ]

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

const ofPushes = (
  { write }: ObservabilitySurvey,
  { answers, errors, dropped, pendingBytes }: Agent,
  { observability: { agent, secret, tokenKey } }: Environment,
  barred: readonly string[],
): readonly Observation[] => {
  const logs = sh`honeydue logs ${agent}`
  const waits = pendingBytes > 0
  const refusals = Object.entries(answers).filter(([status]) => status !== '2XX' && status !== '400')
  const token = refusals.find(([status]) => status === '401' || status === '403')
  const other =
    write.answered && write.value.takes ? `: it was deployed with another than ${secret} has as ${tokenKey}, which is accepted` : ''
  const since = `; ${pendingBytes} bytes wait`
  return [
    ...(dropped > 0
      ? [
          wrong(
            `vmagent threw away ${counted(dropped, 'block')} that the store answered with 400: what was in them is lost, and its queue looks healthy`,
            logs,
          ),
        ]
      : []),
    ...(waits && token
      ? [wrong(`The token of vmagent is refused (${token[0]}, ${times(token[1])})${other}${since}`, 'honeydue secrets:status')]
      : []),
    ...refusals
      .filter((one) => waits && one !== token)
      .map(([status, count]) => wrong(`The store does not take what vmagent pushes (${status}, ${times(count)})${since}`, logs)),
    ...(waits && errors > 0 && barred.length === 0
      ? [wrong(`What vmagent pushes gets no answer (${times(errors)} since it started)${since}`, logs)]
      : []),
  ]
}

const ofTargets = ({ targets }: Agent, { observability: { agent } }: Environment, now: Date): readonly Observation[] => {
  if (targets.length === 0)
    return [
      wrong(
        'vmagent finds nothing to scrape. Where rbac.yaml is not applied, and 03-deploy.sh does not, it may not list the pods of api',
        sh`honeydue logs ${agent}`,
      ),
    ]
  const down = targets.filter(({ up }) => !up)
  const scraped = Math.max(...targets.map(({ scrapedAt }) => scrapedAt?.getTime() ?? 0))
  const seconds = (now.getTime() - scraped) / 1000
  return [
    ...down.map(({ url, error }) => wrong(`vmagent cannot scrape ${url}${error && `: ${error}`}`, 'honeydue deploy:status')),
    ...(scraped > 0 && seconds > lateSeconds
      ? [wrong(`vmagent scraped nothing for ${age(seconds)}, though it calls targets up`, sh`honeydue logs ${agent}`)]
      : []),
  ]
}
