import { wakes } from '../facts/db/activity.ts'
import { optionalArguments } from '../plan/choice.ts'
import { defineReport, type Observation, type Table, type View } from '../plan/report.ts'
import { sh } from '../shell.ts'
import { type Hop, hopsOf, illNames } from './diagnose/hops.ts'
import { lookAtAll, needs, type Seen } from './diagnose/look.ts'
import { type Suspect, suspectsOf } from './diagnose/suspects.ts'

/** So many commands are offered: who has to choose among more has not been helped. */
const mostOffers = 5

/** The way of a request from outside in: which hop fails, what was seen there, what it rules out, and the commands that fit, the likely first. */
export const diagnose = defineReport({
  id: 'diagnose',
  title: 'Find the cause of a trouble, from the names down to the database',
  needs,
  choices: { symptom: optionalArguments({ about: 'what somebody sees, in their words: the pages for it are offered as well' }) },
  look: async ({ symptom }, look, context) => {
    const seen = await lookAtAll(look, context)
    const hops = hopsOf(seen)
    const suspects = suspectsOf(seen, hops)
    const words = symptom.join(' ')
    const pages = words === '' ? [] : ((await context.pages?.(words)) ?? [])
    return viewOf({ seen, hops, suspects, words, pages })
  },
})

interface Diagnosis {
  readonly seen: Seen
  readonly hops: readonly Hop[]
  readonly suspects: readonly Suspect[]
  readonly words: string
  readonly pages: readonly { readonly command: string; readonly title: string }[]
}

/** As much of a sentence as has room: what it is about stands at its beginning. */
const begun = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text)

const stateOf = ({ findings, unknown }: Hop): 'wrong' | 'not known' | 'warning' | 'well' =>
  findings.some(({ level }) => level === 'wrong') ? 'wrong' : unknown ? 'not known' : findings.length > 0 ? 'warning' : 'well'

/** So long a line is nothing to type from a screen of eighty columns. */
const longLine = 240

/** A line of ten rows stands in the report of its hop; here that report does. At the edge those are the patches of the lists of Cloudflare's ranges. */
const shortened = (finding: Observation, report: string | undefined): Observation =>
  (finding.next?.length ?? 0) > longLine && report !== undefined ? { ...finding, next: sh`honeydue ${report}` } : finding

const viewOf = (diagnosis: Diagnosis): View => {
  const { seen, hops, suspects, words } = diagnosis
  return {
    findings: suspects.map(({ hop, finding }) =>
      shortened(finding, hop === 'edge' ? 'firewall:status' : hops.find(({ what }) => what === hop)?.shows),
    ),
    tables: [walk(diagnosis), ...offers(diagnosis)],
    notes: [
      'Not looked at: mail:status, push:status, storage:status, observability:status, and what customers elsewhere in the world get',
      ...(hops.some(({ what, unknown }) => what === 'database' && !unknown) ? [wakes] : []),
    ],
    unreachable: hops.every((hop) => stateOf(hop) === 'not known') && illNames(seen).length === seen.environment.cloudflare.names.length,
    data: {
      symptom: words || null,
      cause: suspects[0]?.finding ?? null,
      customers: illNames(seen),
      hops: hops.map((hop) => ({
        hop: hop.what,
        state: stateOf(hop),
        shows: hop.shows,
        findings: hop.findings,
        unknown: hop.unknown ?? null,
      })),
    },
  }
}

/** What is well is ruled out; of what is wrong, the gravest. */
const walk = ({ seen, hops }: Diagnosis): Table => {
  const ill = illNames(seen)
  const line = (hop: Hop): string => {
    const [worst] = [...hop.findings].sort((a, b) => Number(a.level === 'warning') - Number(b.level === 'warning'))
    if (hop.what === 'names' && ill[0]) return ill.map(({ name, said, status }) => `${name} ${status ?? said}`).join(', ')
    return worst ? worst.text : (hop.unknown?.because ?? hop.well)
  }
  return {
    title: 'From outside in',
    columns: ['', '', ''],
    rows: hops.map((hop) => [hop.what, hop.what === 'names' && ill.length > 0 ? 'fails' : stateOf(hop), begun(line(hop), 56)]),
  }
}

/** The commands that fit: the cure of each suspect, then what shows more of the first. */
const offers = ({ hops, suspects, words, pages }: Diagnosis): readonly Table[] => {
  const ours = suspects.flatMap(({ hop, finding: { next, text } }) => (next?.startsWith('honeydue ') ? [[next, hop, text] as const] : []))
  const [first] = suspects
  const report = hops.find(({ findings }) => findings.some(({ text }) => text === first?.finding.text))?.shows
  const rows = [
    ...ours.map(([next, , text]) => [next, begun(text, 70)]),
    ...(first && report ? [[sh`honeydue ${report}`, 'more about the first one']] : []),
    ...pages.map(({ command, title }) => [sh`honeydue ${command}`, `for "${begun(words, 24)}": ${title}`]),
  ].filter(([command], i, all) => all.findIndex(([other]) => other === command) === i)
  return rows.length === 0 ? [] : [{ title: 'Likely causes, the likeliest first', columns: ['', ''], rows: rows.slice(0, mostOffers) }]
}
