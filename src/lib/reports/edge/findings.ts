import { isWell, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { ailments, type EdgeSurvey, got } from '../../facts/edge/survey.ts'
import type { Observation } from '../../plan/report.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next && { next }) })

/** What customers get, worst first: a name that nobody can use leads. */
const customers = ({ deployment, names, answers }: EdgeSurvey): readonly Observation[] =>
  names.flatMap((name) => {
    const answer = answers.get(name)
    if (answer && 'because' in answer) return [wrong(`${name} does not answer: ${answer.because}`)]
    if (!answer || isWell(deployment, urlOf(deployment, name), answer.value.status)) return []
    return [wrong(`${name} answers ${statusInWords(answer.value.status)}`)]
  })

const list = (names: readonly string[], all: readonly string[]): string => (names.length === all.length ? 'every name' : names.join(', '))

/** Each node against the records that lead to it. */
const nodes = (survey: EdgeSurvey): readonly Observation[] => {
  const records = got(survey.records)
  return survey.deployment.nodes.flatMap(({ alias, address }) => {
    const leading = survey.names.filter((name) => records?.some((record) => record.name === name && record.address === address))
    const missing = survey.names.filter((name) => !leading.includes(name))
    const ills = ailments(survey, alias)
    const unasked = 'because' in (survey.origins.get(alias) ?? {})
    const serving = records && leading.length > 0
    return [
      ...(ills.length > 0 && unasked ? [warning(`${alias} could not be asked: ${ills.join('; ')}`, 'honeydue nodes:status')] : []),
      ...(ills.length > 0 && !unasked && serving
        ? [wrong(`${alias} is in the round robin and not well: ${ills.join('; ')}`, `honeydue edge:drain ${alias}`)]
        : []),
      ...(ills.length > 0 && !unasked && !serving ? [warning(`${alias} is not well: ${ills.join('; ')}`, 'honeydue cluster:health')] : []),
      ...(!records || missing.length === 0
        ? []
        : leading.length === 0
          ? [warning(`${alias} is out of the round robin of every name`, `honeydue edge:restore ${alias}`)]
          : [wrong(`${alias} is missing from ${list(missing, survey.names)}`, `honeydue edge:restore ${alias}`)]),
    ]
  })
}

/** Records that lead past the nodes or past the proxy. */
const records = (survey: EdgeSurvey): readonly Observation[] => {
  const all = got(survey.records)
  if (!all) return []
  const ours = new Set(survey.deployment.nodes.map(({ address }) => address))
  return all
    .filter(({ name }) => survey.names.includes(name))
    .flatMap(({ name, type, address, proxied }) => [
      ...(ours.has(address) ? [] : [wrong(`${name} has the ${type} record ${address}, which is no node's`, 'look at it in the dashboard')]),
      ...(proxied ? [] : [wrong(`The ${type} record ${address} of ${name} is not proxied: it shows the node itself`)]),
    ])
}

const zone = (survey: EdgeSurvey): readonly Observation[] => {
  const [found, settings, overrides] = [got(survey.zone), got(survey.settings), got(survey.overrides)]
  return [
    ...(found?.paused ? [wrong(`The zone ${found.name} is paused: its names lead to the nodes themselves`)] : []),
    ...(found && found.status !== 'active' ? [wrong(`The zone ${found.name} is ${found.status}, not active`)] : []),
    ...(settings && settings.ssl !== 'strict'
      ? [wrong(`The zone's SSL mode is ${settings.ssl}: the nodes' certificate is not verified`)]
      : []),
    ...(overrides ?? []).flatMap(({ kind, where, ssl }) =>
      ssl === 'strict' ? [] : [wrong(`A ${kind} sets the SSL mode ${ssl} for ${where}: there the nodes' certificate is not verified`)],
    ),
    ...(settings?.sslAutomatic === 'auto' ? [warning('Automatic SSL/TLS is on: Cloudflare may change the SSL mode unasked')] : []),
    ...(settings && !settings.alwaysUseHttps ? [warning('Always Use HTTPS is off')] : []),
  ]
}

const unread = (survey: EdgeSurvey): readonly Observation[] => {
  const parts = { zone: survey.zone, settings: survey.settings, rules: survey.overrides, records: survey.records }
  const found = new Map<string, { readonly names: readonly string[]; readonly next: string | undefined }>()
  for (const [part, answer] of Object.entries(parts)) {
    if ('because' in answer) found.set(answer.because, { names: [...(found.get(answer.because)?.names ?? []), part], next: answer.next })
  }
  return [...found].map(([because, { names, next }]) => wrong(`Not read at Cloudflare (${names.join(', ')}): ${because}`, next))
}

/** What is wrong at the edge. */
export const edgeFindings = (survey: EdgeSurvey): readonly Observation[] => {
  const all = [...customers(survey), ...unread(survey), ...records(survey), ...nodes(survey), ...zone(survey)]
  return [...all.filter(({ level }) => level === 'wrong'), ...all.filter(({ level }) => level === 'warning')]
}

/** True when neither Cloudflare's API, nor a node, nor a name answered. */
export const reachedNothing = ({ zone: asked, origins, answers }: EdgeSurvey): boolean =>
  [asked, ...origins.values(), ...answers.values()].every((one) => 'because' in one)
