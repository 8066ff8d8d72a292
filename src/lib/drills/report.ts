import { shortAge } from '../age.ts'
import { counted } from '../counted.ts'
import { jobsOf, lossOf, type Made, onSandbox, type Review, signsOf } from './review.ts'
import type { Checked } from './standing.ts'

/** The review after the night, in Markdown, with its times in UTC. What is not repaired names no cause. */
export const reportText = (checked: Checked, review: Review): string =>
  [
    `# Review of ${day(checked.brokenAt)}: ${checked.passed ? checked.origin : 'not repaired yet'}`,
    '',
    ...quote(checked.heard),
    '',
    '## In short',
    '',
    ...inShort(checked, review).map((line) => `- ${line}`),
    '',
    '## What happened (UTC)',
    '',
    '| time | after | |',
    '| --- | --- | --- |',
    ...events(checked, review).map(({ at, what }) => `| ${clock(at)} | ${since(checked, at)} | ${what} |`),
    '',
    '## What was run',
    '',
    ...(review.made.length === 0 ? ['Nothing with honeydue: whatever was changed, was changed by hand.'] : review.made.map(ran)),
    '',
    ...(checked.passed ? afterwards(checked) : open(checked)),
    `Drill ${checked.passed ? checked.name : 'not named yet'}, seed ${checked.seed}${checked.speed === 1 ? '' : `, ${checked.speed} times faster`}.`,
    '',
  ].join('\n')

const day = (at = ''): string => at.slice(0, 10)
const clock = (at: string): string => at.slice(11, 19)

const quote = (heard: string): readonly string[] => heard.split('\n').map((line) => `> ${line}`)

/** Seconds from the break, as a person says them. */
const since = ({ brokenAt = '' }: Checked, at: string): string =>
  shortAge(Math.max(0, Math.round((Date.parse(at) - Date.parse(brokenAt)) / 1000)))

const inShort = (checked: Checked, { seen, decided, repaired }: Review): readonly string[] => [
  ...(checked.passed
    ? [`What it was: ${checked.origin}${checked.source === undefined ? '' : ` (${checked.source})`}.`]
    : ['It is not repaired yet.']),
  `Requests of customers: ${felt(checked)}.`,
  `Jobs: ${lowered(jobsOf(checked))}.`,
  `First look: ${seen === undefined ? 'nobody looked with honeydue, kubectl or ssh' : `${shortAge(seen)} after it broke`}.`,
  `First change: ${decided === undefined ? 'none was made with honeydue' : `${shortAge(decided)} after it broke${seen === undefined || decided < seen ? '' : `, ${shortAge(decided - seen)} after the first look`}`}.`,
  `Repaired: ${checked.passed && repaired !== undefined ? `${shortAge(repaired)} after it broke${decided === undefined || repaired <= decided ? '' : `, ${shortAge(repaired - decided)} after the first change`}` : 'not yet'}.`,
  `${counted(checked.hints.length, 'hint')} taken.`,
]

const lowered = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)

/** What came back instead of a page. */
const answersOf = ({ traffic: { answers } }: Checked): string =>
  Object.entries(answers)
    .sort(([, one], [, other]) => other - one)
    .map(([status, count]) => (status === '0' ? `no answer ${count} times` : `${status} ${counted(count, 'time')}`))
    .join(', ')

const felt = (checked: Checked): string => {
  const { lost, firstLost, lastLost } = checked.traffic
  if (lost === 0 || firstLost === undefined || lastLost === undefined)
    return `${lowered(lossOf(checked))}; what they noticed nevertheless stands above`
  const length = Math.round((Date.parse(lastLost) - Date.parse(firstLost)) / 1000)
  return `${lowered(lossOf(checked))}, from ${clock(firstLost)} to ${clock(lastLost)} (${shortAge(length)}): ${answersOf(checked)}`
}

/** Everything that is known of when it was, in order. */
const events = (checked: Checked, { made }: Review): readonly { readonly at: string; readonly what: string }[] =>
  [
    { at: checked.brokenAt, what: 'It breaks' },
    { at: checked.traffic.firstLost, what: 'The first request is lost' },
    { at: checked.seenAt, what: 'Somebody looks' },
    ...checked.events,
    ...made.flatMap(({ at, line, who, endedAt, exitCode }) => [
      { at, what: `${who} begins \`${line}\`` },
      { at: endedAt, what: exitCode === 0 ? `\`${line}\` is done` : `\`${line}\` ends with ${exitCode}` },
    ]),
    { at: checked.traffic.lastLost, what: checked.passed ? 'The last request is lost' : 'The latest request that was lost' },
    { at: checked.passedAt, what: 'A look finds it repaired' },
    ...(checked.passed ? [] : [{ at: checked.at, what: 'A look finds it not repaired' }]),
  ]
    .flatMap(({ at, what }) => (at === undefined ? [] : [{ at, what }]))
    .sort((one, other) => one.at.localeCompare(other.at))

const ran = ({ line, who, at, endedAt, exitCode }: Made): string => {
  const took = endedAt === undefined ? '' : ` for ${shortAge(Math.round((Date.parse(endedAt) - Date.parse(at)) / 1000))}`
  const how = exitCode === undefined ? '' : exitCode === 0 ? ', done' : `, exit ${exitCode}`
  return `- \`${line}\` by ${who}${took}${how}`
}

const afterwards = (checked: Checked): readonly string[] => [
  '## What is so again',
  '',
  ...signsOf(checked).map(({ what }) => `- ${what}.`),
  '',
  ...(checked.innocent === undefined ? [] : ['## What looked guilty and was not', '', `- ${checked.innocent}`, '']),
  '## The shortest way',
  '',
  '```sh',
  ...checked.way.map(onSandbox),
  '```',
  '',
  '## So that it does not come again',
  '',
  ...checked.again.map((line) => `- ${line}`),
  `- The page has more: \`honeydue runbook:show ${checked.page}\`.`,
  '',
]

const open = (checked: Checked): readonly string[] => [
  '## What must be so, and is not',
  '',
  ...checked.symptom.flatMap(({ what, because }) => (because === undefined ? [] : [`- ${what}: ${because}.`])),
  ...(checked.causes.some(({ because }) => because !== undefined) ? ['- What broke it is gone.'] : []),
  '',
]
