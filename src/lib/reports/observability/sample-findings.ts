import { age } from '../../age.ts'
import { counted } from '../../counted.ts'
import type { Environment } from '../../environment/schema.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { ObservabilitySurvey, Sampled, Samples } from '../../facts/observability/survey.ts'
import type { Observation } from '../../plan/report.ts'
import type { Agent } from '../../systems/metrics/types.ts'
import { lateSeconds } from './agent-findings.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

/** One scrape, and some delay: who pushes at the same time as another is not further apart. */
const besideMs = 25_000

export const newestOf = (pods: readonly Sampled[]): Sampled | undefined =>
  pods.reduce<Sampled | undefined>((newest, one) => (newest === undefined || one.at > newest.at ? one : newest), undefined)

/** What was pushed at the same time as the newest. */
const besideNewest = (pods: readonly Sampled[]): readonly Sampled[] => {
  const newest = newestOf(pods)
  return newest === undefined ? [] : pods.filter(({ at }) => newest.at.getTime() - at.getTime() <= besideMs)
}

/** Whether the samples of now are there, and whether they are ours. */
export const sampleFindings = (
  { samples, agent }: ObservabilitySurvey,
  { observability: { service } }: Environment,
  now: Date,
): readonly Observation[] => {
  if (samples === undefined) return []
  if (!samples.answered) return [wrong(reasonOf(samples.error), samples.error instanceof Trouble ? samples.error.next : undefined)]
  const known = agent.answered ? agent.value : undefined
  return [...ofAge(samples.value, known, service, now), ...ofClusters(samples.value.pods, known, service)]
}

const ofAge = ({ pods, last }: Samples, agent: Agent | undefined, service: string, now: Date): readonly Observation[] => {
  const newest = newestOf(pods)
  const healthy =
    agent !== undefined && agent.targets.some(({ up }) => up) && agent.pendingBytes === 0 ? ', though vmagent scrapes and pushes' : ''
  if (newest === undefined) {
    const before = last === undefined ? 'nor of the last 30 days' : `the newest is ${age((now.getTime() - last.getTime()) / 1000)} old`
    return [
      wrong(
        `The store answers, and has no sample of service="${service}" of the last hour, ${before}${healthy}: Grafana is empty`,
        'honeydue logs vmagent',
      ),
    ]
  }
  const seconds = (now.getTime() - newest.at.getTime()) / 1000
  if (seconds <= lateSeconds) return []
  return [
    wrong(
      `The newest sample of service="${service}" is ${age(seconds)} old${healthy}: what Grafana shows as now is not`,
      'honeydue logs vmagent',
    ),
  ]
}

const ofClusters = (pods: readonly Sampled[], agent: Agent | undefined, service: string): readonly Observation[] => {
  const beside = besideNewest(pods)
  const clusters = [...new Set(beside.map(({ cluster }) => cluster))].sort()
  const own = new Set(agent?.targets.map(({ labels }) => labels['instance']))
  const strange = own.size === 0 ? [] : beside.filter(({ instance }) => !own.has(instance))
  const collide = strange.filter(({ cluster }) => beside.some((one) => one.cluster === cluster && own.has(one.instance)))
  return [
    ...(collide.length > 0
      ? [
          wrong(
            `Somebody else pushes with the same labels: ${counted(collide.length, 'pod')} of service="${service}" that ${collide.length === 1 ? 'is' : 'are'} not of this cluster (${collide.map(({ instance }) => instance).join(', ')}). Sums are of both`,
            'end the vmagent of the cluster that is no longer used, or give it another label cluster; just after a rollout, look again',
          ),
        ]
      : []),
    ...(clusters.length > 1
      ? [
          warning(
            `${counted(clusters.length, 'cluster')} push service="${service}" now: ${clusters.map((one) => one || 'one without a label').join(', ')}. What does not ask for one of them is of both`,
          ),
        ]
      : []),
  ]
}
