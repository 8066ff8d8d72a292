import { ailments } from '../../facts/edge/ailments.ts'
import { urlOf } from '../../facts/edge/public-names.ts'
import { isWildcard, leadsToNode, nodeOf } from '../../facts/edge/round-robin.ts'
import { type EdgeSurvey, got, surveyEdge } from '../../facts/edge/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { edgeFindings, reachedNothing } from './findings.ts'

/** The round robin from both ends: what Cloudflare has, what each node answers, what a customer gets. */
export const edgeStatus = defineReport({
  id: 'edge:status',
  title: 'Show the round robin from both ends: Cloudflare and the nodes',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: {},
  look: async (_, look, { environment, clock }) => {
    const survey = await surveyEdge(environment, look, clock.now)
    return {
      findings: edgeFindings(survey),
      tables: [zoneTable(survey), namesTable(survey), originsTable(survey)],
      notes: notesOf(survey),
      unreachable: reachedNothing(survey),
      data: dataOf(survey),
    }
  },
})

const zoneTable = (survey: EdgeSurvey): Table => {
  const [zone, settings, overrides] = [got(survey.zone), got(survey.settings), got(survey.overrides)]
  return {
    title: 'Zone',
    columns: ['', ''],
    rows: [
      ['name', zone ? `${zone.name} (${zone.plan})` : `${survey.deployment.cloudflare.zone}, not read`],
      ['SSL mode', settings?.ssl ?? '?'],
      ['set by Cloudflare', settings?.sslAutomatic ?? '?'],
      ['Always Use HTTPS', settings ? (settings.alwaysUseHttps ? 'on' : 'off') : '?'],
      ['rules with a mode', overrides ? String(overrides.length) : '?'],
    ],
  }
}

const namesTable = ({ names, robin, deployment, records, answers }: EdgeSurvey): Table => {
  const all = got(records)
  const cell = (name: string, node: (typeof deployment.nodes)[number]): string => {
    if (!all) return '?'
    if (!robin.names.includes(name)) return ''
    const found = all.filter((record) => record.name === name && leadsToNode(node, record))
    return found.length === 0 ? '-' : found.every(({ proxied }) => proxied) ? 'yes' : 'NOT PROXIED'
  }
  const others = (name: string) => all?.filter((record) => record.name === name && nodeOf(deployment, record) === undefined).length
  return {
    title: 'Names',
    columns: ['name', ...deployment.nodes.map(({ alias }) => alias), 'other', 'a customer gets'],
    rows: [...names, ...robin.names.filter(isWildcard)].map((name) => [
      name,
      ...deployment.nodes.map((node) => cell(name, node)),
      all ? String(others(name) || '') : '?',
      isWildcard(name) ? '' : customerGets(answers.get(name)),
    ]),
  }
}

/** What leads to a node and is left alone. */
const notesOf = ({ robin, deployment }: EdgeSurvey): readonly string[] => [
  ...robin.followers.map(({ name, target }) => `${name} follows ${target}`),
  ...robin.apart.map(
    (record) =>
      `No part of the round robin: ${record.type} ${record.name} to ${nodeOf(deployment, record)?.alias}${record.proxied ? '' : ', not proxied'}`,
  ),
]

const customerGets = (answer: ReturnType<EdgeSurvey['answers']['get']>): string =>
  !answer || 'because' in answer ? 'no answer' : `${answer.value.status} in ${Math.round(answer.value.latencyMs)} ms`

const originsTable = (survey: EdgeSurvey): Table => ({
  title: 'Nodes, asked from themselves',
  columns: ['node', 'address', 'well', 'slowest'],
  rows: survey.deployment.nodes.map(({ alias, address }) => {
    const answers = got(survey.origins.get(alias))
    const slowest = Math.max(...(answers ?? []).flatMap((one) => ('status' in one ? [one.latencyMs] : [])))
    return [
      alias,
      address,
      answers ? (ailments(survey, alias).length + (got(survey.served.get(alias))?.refused.length ?? 0) === 0 ? 'yes' : 'NO') : '?',
      Number.isFinite(slowest) ? `${Math.round(slowest)} ms` : '',
    ]
  }),
})

const dataOf = (survey: EdgeSurvey) => ({
  zone: survey.zone,
  settings: survey.settings,
  sslOverrides: survey.overrides,
  names: survey.names.map((name) => ({
    name,
    url: urlOf(survey.deployment, name),
    records: (got(survey.records) ?? []).filter((record) => record.name === name),
    answer: survey.answers.get(name),
  })),
  nodes: survey.deployment.nodes.map(({ alias, address }) => ({
    alias,
    address,
    origin: survey.origins.get(alias),
    served: survey.served.get(alias),
  })),
})
