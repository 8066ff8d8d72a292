import { shortAge } from '../age.ts'
import { counted } from '../counted.ts'
import type { JournaledRun } from '../journal/read-journal.ts'
import type { Checked, Standing } from './host.ts'

/** One change that was made by honeydue meanwhile. */
export interface Made {
  readonly line: string
  readonly at: string
  readonly exitCode: number | undefined
}

/** How long it took, in seconds. */
export interface Review {
  readonly made: readonly Made[]
  /** From the break to the first change; undefined where honeydue made none. */
  readonly decided: number | undefined
  /** From the break to the last request that was lost, or where none was, to the end of the last change. */
  readonly repaired: number | undefined
}

const seconds = (from: string, to: string): number => Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))

/** What the journal has of the time since it broke. */
export const reviewOf = (checked: Standing, runs: readonly JournaledRun[], environment: string): Review => {
  const since = checked.brokenAt ?? ''
  const own = runs
    .filter(({ header, begin }) => header.plan.environment === environment && begin !== undefined && header.at >= since)
    .sort((one, other) => one.header.at.localeCompare(other.header.at))
  const made = own.map(({ header, end }) => ({ line: header.line, at: header.at, exitCode: end?.exitCode }))
  const first = own[0]?.begin?.at
  const last = checked.traffic.lastLost ?? own.at(-1)?.end?.at
  return {
    made,
    decided: first === undefined ? undefined : seconds(since, first),
    repaired: last === undefined ? undefined : seconds(since, last),
  }
}

const clock = (at: string): string => at.slice(11, 19)

/** The requests in one line. */
export const lossOf = ({ traffic: { sent, lost } }: Standing): string =>
  `${lost === 0 ? 'No request was' : `${lost} of ${counted(sent, 'request')} ${lost === 1 ? 'was' : 'were'}`} lost since it broke`

/** What a look at the repair found, for a terminal. What is not repaired names no cause. */
export const checkText = (checked: Checked, review: Review): string => {
  if (!checked.passed) {
    const own = checked.symptom.flatMap(({ what, because }) => (because === undefined ? [] : [`  Not so: ${what}: ${because}`]))
    const cause = checked.causes.some(({ because }) => because !== undefined) ? ['  Not so: What broke it is gone'] : []
    return ['It is not repaired.', ...own, ...cause, `${lossOf(checked)}. A hint: honeydue drill:hint`].join('\n')
  }
  return [
    `Repaired. It was ${checked.name}: ${checked.origin}.`,
    ...signsOf(checked).map(({ what }) => `  ${what}`),
    `${took(checked, review)}.`,
    `${counted(checked.hints.length, 'hint')} taken. ${madeBy(review)}`,
    `The shortest way: ${checked.way.join(', then ') || `see honeydue runbook ${checked.page}`}`,
    `Its page: honeydue runbook ${checked.page}`,
    'End the deployment to practise on: honeydue sandbox:down',
  ].join('\n')
}

/** What was lost, and how long it took. */
const took = (checked: Checked, { decided, repaired }: Review): string =>
  [
    lossOf(checked),
    ...(decided === undefined ? [] : [`the first change came after ${shortAge(decided)}`]),
    ...(repaired === undefined ? [] : [`it was repaired after ${shortAge(repaired)}`]),
  ].join('; ')

const signsOf = ({ symptom, causes }: Checked) => [...symptom, ...causes]

const madeBy = ({ made }: Review): string =>
  made.length === 0 ? 'No change was made by honeydue.' : `Made by honeydue: ${made.map(({ line }) => line).join('; ')}.`

/** The same as a review in Markdown, with its times in UTC. */
export const reviewText = (checked: Checked, review: Review): string => {
  const { brokenAt = '', traffic } = checked
  const events = [
    { at: brokenAt, what: 'It breaks.' },
    ...(traffic.firstLost === undefined ? [] : [{ at: traffic.firstLost, what: 'The first request is lost.' }]),
    ...review.made.map(({ line, at, exitCode }) => ({
      at,
      what: `\`${line}\`${exitCode === undefined ? ', which has no end' : exitCode === 0 ? '' : `, which ended with ${exitCode}`}`,
    })),
    ...(traffic.lastLost === undefined ? [] : [{ at: traffic.lastLost, what: 'The last request is lost.' }]),
    { at: checked.at, what: checked.passed ? 'Looked at: repaired.' : 'Looked at: not repaired.' },
  ].sort((one, other) => one.at.localeCompare(other.at))
  return [
    `# Drill of ${brokenAt.slice(0, 10)}: ${checked.passed ? checked.origin : 'not repaired yet'}`,
    '',
    `> ${checked.heard}`,
    '',
    `- ${lossOf(checked)}.`,
    `- The first change by honeydue came ${review.decided === undefined ? 'not at all' : `after ${shortAge(review.decided)}`}.`,
    `- ${review.repaired === undefined ? 'No time of repair is known' : `It was repaired after ${shortAge(review.repaired)}`}.`,
    `- ${counted(checked.hints.length, 'hint')} taken; seed ${checked.seed}.`,
    '',
    '## What happened (UTC)',
    '',
    ...events.map(({ at, what }) => `- ${clock(at)} ${what}`),
    '',
    ...(checked.passed
      ? [
          '## What must be so, and is',
          '',
          ...signsOf(checked).map(({ what }) => `- ${what}`),
          '',
          '## The shortest way',
          '',
          ...checked.way.map((line) => `- \`${line}\``),
          `- Page: ${checked.page}`,
        ]
      : [
          '## What must be so, and is not',
          '',
          ...checked.symptom.flatMap(({ what, because }) => (because === undefined ? [] : [`- ${what}`])),
        ]),
    '',
  ].join('\n')
}
