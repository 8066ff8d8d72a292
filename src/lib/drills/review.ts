import { shortAge } from '../age.ts'
import { counted } from '../counted.ts'
import type { JournaledRun } from '../journal/read-journal.ts'
import type { Checked, Standing } from './standing.ts'

/** One change that was made with honeydue meanwhile, by whomever. */
export interface Made {
  readonly line: string
  /** user@host. */
  readonly who: string
  readonly at: string
  /** Of a run that stands in the journal of this machine, and has ended. */
  readonly exitCode?: number | undefined
  readonly endedAt?: string | undefined
}

/** How long it took, in seconds from the break. */
export interface Review {
  readonly made: readonly Made[]
  /** To the first look at the cluster, a node or Cloudflare. */
  readonly seen: number | undefined
  /** To the first change; undefined where honeydue made none. */
  readonly decided: number | undefined
  /** To the last request that was lost, or where none was, to the end of the last change, or to the look that found it repaired. */
  readonly repaired: number | undefined
}

const seconds = (from: string, to: string): number => Math.max(0, Math.round((Date.parse(to) - Date.parse(from)) / 1000))

/** What the cluster's lease and this machine's journal have of the time since it broke. */
export const reviewOf = (drill: Standing & Partial<Checked>, runs: readonly JournaledRun[], environment: string): Review => {
  const since = drill.brokenAt ?? ''
  const own = runs.filter(({ header, begin }) => header.plan.environment === environment && begin !== undefined && header.at >= since)
  const made = new Map<string, Made>(drill.hands.map(({ run, ...hand }) => [run, hand]))
  for (const { run, header, begin, end } of own) {
    const { user, host } = header.who
    made.set(run, { line: header.line, who: `${user}@${host}`, at: begin?.at ?? header.at, exitCode: end?.exitCode, endedAt: end?.at })
  }
  const all = [...made.values()].sort((one, other) => one.at.localeCompare(other.at))
  const last = drill.traffic.lastLost ?? all.at(-1)?.endedAt ?? drill.passedAt
  const after = (at: string | undefined) => (at === undefined ? undefined : seconds(since, at))
  return { made: all, seen: after(drill.seenAt), decided: after(all[0]?.at), repaired: after(last) }
}

/** The requests in one line. */
export const lossOf = ({ traffic: { sent, lost } }: Standing): string =>
  `${lost === 0 ? 'No request was' : `${lost} of ${counted(sent, 'request')} ${lost === 1 ? 'was' : 'were'}`} lost since it broke`

/** A line of a way as it is typed on the sandbox. */
export const onSandbox = (line: string): string => (line.startsWith('honeydue ') ? `${line} --env sandbox` : line)

/** The jobs in one line. */
export const jobsOf = ({ jobs: { made, done, lost, doubled, refused } }: Standing): string => {
  const left = made - done - lost
  const waiting = left > 0 ? `, ${left} ${left === 1 ? 'waits or is' : 'wait or are'} worked on` : ''
  const bad = [
    ...(lost > 0 ? [`${lost} went away undone`] : []),
    ...(doubled > 0 ? [`${doubled} ran twice`] : []),
    ...(refused > 0 ? [`${refused} could not be put into the queue`] : []),
  ]
  const harm = bad.length > 0 ? bad.join(', ') : 'none was lost'
  return `Of ${counted(made + refused, 'job')} ${done} ${done === 1 ? 'was' : 'were'} done${waiting}, ${harm}`
}

/** What a look at the repair found, for a terminal. What is not repaired names no cause. */
export const checkText = (checked: Checked, review: Review): string => {
  if (!checked.passed) {
    const own = checked.symptom.flatMap(({ what, because }) => (because === undefined ? [] : [`  Not so: ${what}: ${because}`]))
    const cause = checked.causes.some(({ because }) => because !== undefined) ? ['  Not so: What broke it is gone'] : []
    return ['It is not repaired.', ...own, ...cause, `${lossOf(checked)}. A hint: honeydue drill:hint`].join('\n')
  }
  return [
    `Repaired. It was ${checked.name}. ${checked.origin}.`,
    ...signsOf(checked).map(({ what }) => `  ${what}`),
    ...(checked.innocent === undefined ? [] : [`It was not what somebody thought: ${checked.innocent}`]),
    `${lossOf(checked)}. ${jobsOf(checked)}.`,
    `${tookOf(review)}; ${counted(checked.hints.length, 'hint')} taken.`,
    madeBy(review),
    `The shortest way: ${checked.way.map(onSandbox).join(', then ') || `see honeydue runbook:show ${checked.page}`}`,
    `The review: honeydue drill:report    Its page: honeydue runbook:show ${checked.page}`,
    'End the deployment to practise on: honeydue sandbox:down',
  ].join('\n')
}

/** How long it took, in one line. */
const tookOf = ({ seen, decided, repaired }: Review): string =>
  [
    seen === undefined ? 'Nobody looked with honeydue or kubectl' : `First look after ${shortAge(seen)}`,
    ...(decided === undefined ? [] : [`first change after ${shortAge(decided)}`]),
    ...(repaired === undefined ? [] : [`over after ${shortAge(repaired)}`]),
  ].join(', ')

export const signsOf = ({ symptom, causes }: Checked) => [...symptom, ...causes]

const madeBy = ({ made }: Review): string =>
  made.length === 0 ? 'No change was made by honeydue.' : `Made by honeydue: ${made.map(({ line }) => line).join('; ')}.`
