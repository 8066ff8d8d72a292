import { ailments, illEverywhere, wasAsked } from '../../facts/edge/ailments.ts'
import { isWell, nextFor, statusInWords, urlOf } from '../../facts/edge/public-names.ts'
import { leadsToNode, nodeOf } from '../../facts/edge/round-robin.ts'
import { type EdgeSurvey, got } from '../../facts/edge/survey.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next && { next }) })

/** Where an SSL mode makes Cloudflare ask the nodes at port 80: what to look at. */
const withoutTls = (survey: EdgeSurvey): string | undefined => {
  const modes = [got(survey.settings)?.ssl, ...(got(survey.overrides) ?? []).map(({ ssl }) => ssl)]
  return modes.some((ssl) => ssl === 'flexible' || ssl === 'off') ? 'look at the SSL mode in the dashboard' : undefined
}

/** What customers get, worst first: a name that nobody can use leads. */
const customers = (survey: EdgeSurvey): readonly Observation[] => {
  const { deployment, names, answers, robin } = survey
  const plain = withoutTls(survey)
  // A name without an address is led to a node that is well again; which one that is does not matter.
  const [well] = deployment.nodes.filter(({ alias }) => wasAsked(survey, alias) && ailments(survey, alias).length === 0)
  return names.flatMap((name) => {
    const answer = answers.get(name)
    if (answer && 'because' in answer) return [wrong(answer.because, answer.next)]
    if (!answer || isWell(deployment, urlOf(deployment, name), answer.value.status)) return []
    const { status } = answer.value
    const target = robin.followers.find((one) => one.name === name)?.target
    if (status === 530 && target !== undefined)
      return [wrong(`${name} answers 530: it follows ${target}, which has no address`, 'look at it in the dashboard')]
    // The nodes are not to blame where Cloudflare does not speak TLS with them.
    if (status === 522 && plain) return [wrong(`${name} answers 522: Cloudflare asks at port 80, and UFW keeps it shut`, plain)]
    const next = status === 530 ? well && sh`honeydue edge:restore ${well.alias}` : nextFor(status)
    return [wrong(`${name} answers ${statusInWords(status)}`, next)]
  })
}

const list = (names: readonly string[], all: readonly string[]): string => (names.length === all.length ? 'every name' : names.join(', '))

/** What all nodes answer alike is no node's fault: none of them is to be drained for it. */
const workloads = (everywhere: ReadonlyMap<string, string>): readonly Observation[] => {
  const byReason = new Map<string, string[]>()
  for (const [name, why] of everywhere) byReason.set(why, [...(byReason.get(why) ?? []), name])
  return [...byReason].map(([why, names]) =>
    wrong(
      `Every node that answers says the same of ${names.join(', ')}: ${why}`,
      why.includes('TLS handshake') ? 'honeydue cert:status' : 'honeydue cluster:health',
    ),
  )
}

/** Each node against the records that lead to it, by its alias. */
const eachNode = (survey: EdgeSurvey): ReadonlyMap<string, readonly Observation[]> => {
  const { deployment, robin, names } = survey
  const records = got(survey.records)
  const everywhere = illEverywhere(survey, names)
  const anyAsked = deployment.nodes.some(({ alias }) => wasAsked(survey, alias))
  const ofNode = (node: (typeof deployment.nodes)[number]): readonly Observation[] => {
    const { alias } = node
    const leading = robin.names.filter((name) => records?.some((record) => record.name === name && leadsToNode(node, record)))
    const missing = robin.names.filter((name) => !leading.includes(name))
    const ills = ailments(survey, alias, everywhere)
    return [
      ...(ills.length === 0 ? [] : [ofIll(alias, ills, leading.length > 0)]),
      // A node that is not well is not led back.
      ...(!records || missing.length === 0 || (ills.length > 0 && leading.length > 0)
        ? []
        : leading.length === 0
          ? [warning(`${alias} is out of the round robin of every name`, ills.length > 0 ? undefined : sh`honeydue edge:restore ${alias}`)]
          : [wrong(`${alias} is missing from ${list(missing, robin.names)}`, sh`honeydue edge:restore ${alias}`)]),
    ]
  }
  const ofIll = (alias: string, ills: readonly string[], serving: boolean): Observation => {
    const why = ills.join('; ')
    if (wasAsked(survey, alias))
      return serving
        ? wrong(`${alias} is in the round robin and not well: ${why}`, sh`honeydue edge:drain ${alias}`)
        : warning(`${alias} is not well: ${why}`, 'honeydue cluster:health')
    // Where no node can be asked, it is this machine's way to them that is shut.
    return serving && anyAsked
      ? wrong(`${alias} is in the round robin and could not be asked: ${why}`, sh`honeydue edge:drain ${alias}`)
      : warning(`${alias} could not be asked: ${why}`, 'honeydue nodes:status')
  }
  return new Map(deployment.nodes.map((node) => [node.alias, ofNode(node)]))
}

/** What a node serves that Cloudflare refuses: it asks another node then, and hides it. */
const certificates = ({ served }: EdgeSurvey): readonly Observation[] =>
  [...served].flatMap(([alias, answer]) =>
    (got(answer)?.refused ?? []).map((which) => wrong(`${alias} serves ${which}: Cloudflare refuses it`, 'honeydue cert:status')),
  )

/** Records that lead past the nodes or past the proxy. */
const records = ({ deployment, records: answer, robin }: EdgeSurvey): readonly Observation[] =>
  (got(answer) ?? [])
    .filter(({ name }) => robin.names.includes(name))
    .flatMap((record) => {
      const { name, type, address, proxied } = record
      const node = nodeOf(deployment, record)
      return [
        ...(node ? [] : [wrong(`${name} has the ${type} record ${address}, which is no node's`, 'look at it in the dashboard')]),
        ...(proxied
          ? []
          : [
              wrong(
                `The ${type} record ${address} of ${name} is not proxied: it shows the node itself`,
                node && sh`honeydue edge:restore ${node.alias}`,
              ),
            ]),
      ]
    })

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

/** What is wrong at the edge, by where it is. */
export const edgeParts = (survey: EdgeSurvey) => ({
  customers: customers(survey),
  unread: unread(survey),
  records: records(survey),
  everywhere: workloads(illEverywhere(survey, survey.names)),
  nodes: eachNode(survey),
  certificates: certificates(survey),
  zone: zone(survey),
})

/** What is wrong at the edge. */
export const edgeFindings = (survey: EdgeSurvey): readonly Observation[] => {
  const { customers, unread, records, everywhere, nodes, certificates, zone } = edgeParts(survey)
  const all = [...customers, ...unread, ...records, ...everywhere, ...[...nodes.values()].flat(), ...certificates, ...zone]
  return worstFirst(all)
}

/** True when neither Cloudflare's API, nor a node, nor a name answered. */
export const reachedNothing = ({ zone: asked, origins, answers }: EdgeSurvey): boolean =>
  [asked, ...origins.values(), ...answers.values()].every((one) => 'because' in one)
