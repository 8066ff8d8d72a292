import { urlOf } from '../../facts/edge/public-names.ts'
import { ailments, type EdgeSurvey, got, surveyEdge } from '../../facts/edge/survey.ts'
import { defineReport, type Table } from '../../plan/report.ts'
import { edgeFindings, reachedNothing } from './findings.ts'

/** The round robin from both ends: what Cloudflare has, what each node answers, what a customer gets. */
export const edgeStatus = defineReport({
  id: 'edge:status',
  title: 'Show the round robin from both ends: Cloudflare and the nodes',
  needs: ['cloudflare', 'nodes', 'http'],
  choices: {},
  look: async (_, look, { environment }) => {
    const survey = await surveyEdge(environment, look)
    return {
      findings: edgeFindings(survey),
      tables: [zoneTable(survey), namesTable(survey), originsTable(survey)],
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

const namesTable = ({ names, deployment, records, answers }: EdgeSurvey): Table => {
  const all = got(records)
  const ours = deployment.nodes.map(({ address }) => address)
  const cell = (name: string, address: string): string => {
    if (!all) return '?'
    const found = all.find((record) => record.name === name && record.address === address)
    return found ? (found.proxied ? 'yes' : 'NOT PROXIED') : '-'
  }
  return {
    title: 'Names',
    columns: ['name', ...deployment.nodes.map(({ alias }) => alias), 'other', 'a customer gets'],
    rows: names.map((name) => [
      name,
      ...ours.map((address) => cell(name, address)),
      all ? String(all.filter((record) => record.name === name && !ours.includes(record.address)).length || '') : '?',
      customerGets(answers.get(name)),
    ]),
  }
}

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
      answers ? (ailments(survey, alias).length === 0 ? 'yes' : 'NO') : '?',
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
  nodes: survey.deployment.nodes.map(({ alias, address }) => ({ alias, address, origin: survey.origins.get(alias) })),
})
