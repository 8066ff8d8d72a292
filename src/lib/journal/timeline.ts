import type { Plan, PlannedStep } from '../plan/plan.ts'
import type { Result, Waiting } from './entries.ts'
import { endingOf, planOf, stateWords } from './how-far.ts'
import type { JournaledRun } from './read-journal.ts'

/** What is shorter is not worth a word: neither how long a step took, nor what a wait waited for. */
const worthTelling = 20_000

/** A run that follows later than this is another story. */
const longest = 24 * 3_600_000

interface Moment {
  readonly at: string
  readonly text: string
  /** Before the time a word: `after`. */
  readonly lead?: string
}

/** What Markdown shows as it stands, whatever is in it. */
const code = (text: string): string => (text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``)

const duration = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  return seconds < 120 ? `${seconds} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from)

/** 1, 2 and 3. */
const listed = (numbers: readonly number[]): string =>
  numbers.length < 2 ? numbers.join('') : `${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`

const readings = ({ effect }: PlannedStep): string =>
  effect.map(({ what, before, after }) => ` ${what}: ${code(before)} → ${code(after)}.`).join('')

const whoOf = ({ header: { who } }: JournaledRun): string => `${who.user}@${who.host}`

/** Whether both are of one page, on one subject, in one deployment. */
const isSame = (one: JournaledRun, other: JournaledRun): boolean =>
  one.header.undoes === other.header.undoes && isOfPage(one, planOf(other))

type Page = Pick<Plan, 'id' | 'subject' | 'environment'>

const isOfPage = (run: JournaledRun, { id, subject, environment }: Page): boolean => {
  const plan = planOf(run)
  return plan.id === id && plan.subject === subject && plan.environment === environment
}

/** When the last line of it was written that is of the run itself, and no note. */
const lastOf = ({ header, begin, intents, waits, results, end }: JournaledRun): string =>
  [header, ...(begin ? [begin] : []), ...intents, ...waits, ...results, ...(end ? [end] : [])]
    .map(({ at }) => at)
    .sort()
    .at(-1) ?? header.at

/** The run that went on from this one: the next of the same page after it stopped. */
const goneOnIn = (run: JournaledRun, all: readonly JournaledRun[]): JournaledRun | undefined =>
  run.end?.exitCode === 0
    ? undefined
    : all
        .filter((other) => isSame(run, other) && other.header.at > run.header.at && between(lastOf(run), other.header.at) < longest)
        .sort((one, other) => one.header.at.localeCompare(other.header.at))[0]

/** Whether somebody is to look at it: it goes on, or it was interrupted and no other run went on from it. */
export const isOpen = (run: JournaledRun, all: readonly JournaledRun[]): boolean =>
  run.status !== 'ended' && (run.status === 'going on' || goneOnIn(run, all) === undefined)

/** Whether the latest run of this page was interrupted in the middle of a change: whoever goes on with it ends its story, also where nothing is left to do. */
export const isLeftOpen = (plan: Page, runs: readonly JournaledRun[], now: Date): boolean => {
  const [latest] = runs.filter((run) => run.header.undoes === undefined && isOfPage(run, plan))
  return latest?.status === 'interrupted' && latest.begin !== undefined && between(lastOf(latest), now.toISOString()) < longest
}

/** The runs that tell one story with this one, in their order: from which it went on, which went on from it, and which took any of them back. */
export const storyOf = (run: string, all: readonly JournaledRun[]): readonly JournaledRun[] => {
  const story = new Set(all.filter((one) => one.run === run))
  const grow = () => {
    for (const other of all) {
      const next = goneOnIn(other, all)
      if (next && (story.has(other) || story.has(next))) story.add(other).add(next)
      const of = all.find((one) => one.run === other.header.undoes)
      if (of && (story.has(other) || story.has(of))) story.add(other).add(of)
    }
  }
  for (let before = 0; before < story.size; ) {
    before = story.size
    grow()
  }
  return [...story].sort((one, other) => one.header.at.localeCompare(other.header.at))
}

/** How it came to begin: by whom, whether it goes on from another, and whom its lease was taken from. */
const beginning = (run: JournaledRun, earlier: readonly JournaledRun[]): string => {
  const { header, begin } = run
  const before = earlier.filter((one) => isSame(one, run)).at(-1)
  const undone = earlier.find((one) => one.run === header.undoes)
  const line = code(header.line)
  const did =
    before !== undefined
      ? `ran ${line} again, ${duration(between(lastOf(before), header.at))} later`
      : undone !== undefined
        ? `took run ${undone.run} back`
        : `ran ${line}`
  const lease = begin === undefined ? undefined : begin.lease
  const held =
    lease === undefined
      ? ', and began nothing'
      : 'none' in lease
        ? `, without a lease: ${lease.none}`
        : lease.from === undefined
          ? ''
          : `, and took the operators’ lease over from ${lease.from.holder}, ${lease.from.ended ? 'whose program had ended' : 'who had stopped renewing it'}`
  return `${whoOf(run)} ${did}${held}. (Run ${run.run}, plan ${planOf(run).name}${lease && 'epoch' in lease ? `, epoch ${lease.epoch}` : ''}.)`
}

/** What a step that waited long was waiting for; the last of what an interrupted run saw, however short it was. */
const longWaits = (run: JournaledRun): readonly Moment[] =>
  run.waits.flatMap((wait, i): readonly Moment[] => {
    const next = run.waits[i + 1]
    const result = run.results.find(({ step, at }) => step === wait.step && at >= wait.at)
    const until = next?.step === wait.step ? next.at : result?.at
    if (until === undefined || between(wait.at, until) < worthTelling) return []
    return [{ at: wait.at, text: `Step ${wait.step + 1} waited for ${duration(between(wait.at, until))}: ${wait.because}.` }]
  })

/** What one step came to. `unsure`: an earlier run was ended in it, and this is what it had come to. */
const resultText = ({ step, state, ms, because }: Result, steps: readonly PlannedStep[], unsure: JournaledRun | undefined): string => {
  const title = steps[step]?.title ?? '?'
  const lead = `Step ${step + 1}, ${title}`
  // What is so already has no effect any more; what it had is in the plan of the run that was ended in it.
  const planned = state === 'already' && unsure ? planOf(unsure).steps.find((one) => one.title === title) : steps[step]
  const read = planned && (state === 'done' || state === 'already') ? readings(planned) : ''
  if (unsure && state === 'already') return `${lead}: had come to its end in run ${unsure.run} after all.${read}`
  const took = state === 'done' && ms >= worthTelling ? `, after ${duration(ms)}` : ''
  const anew = unsure && state === 'done' ? `had not come to its end in run ${unsure.run}: ` : ''
  return `${lead}: ${anew}${stateWords[state]}${took}.${read}${because === undefined ? '' : ` ${because}.`}`
}

/** Steps that were so already, one after the other, are told together; but not one in which an earlier run was ended. */
const resultsOf = (run: JournaledRun, earlier: readonly JournaledRun[]): readonly Moment[] => {
  const { steps } = planOf(run)
  const before = earlier.filter((one) => isSame(one, run) && one.unknown !== undefined).at(-1)
  const unsureIn = (step: number) =>
    before?.unknown !== undefined && planOf(before).steps[before.unknown]?.title === steps[step]?.title ? before : undefined
  const told: Moment[] = []
  let quiet: Result[] = []
  const flush = (at: string) => {
    const numbers = quiet.map(({ step }) => step + 1)
    const [noun, verb] = numbers.length > 1 ? ['Steps', 'were'] : ['Step', 'was']
    if (numbers.length > 0) told.push({ at, text: `${noun} ${listed(numbers)} ${verb} so already.` })
    quiet = []
  }
  let last = run.header.at
  for (const result of run.results) {
    if (result.state === 'already' && !unsureIn(result.step)) {
      quiet.push(result)
      last = result.at
      continue
    }
    flush(last)
    const intent = run.intents.find(({ step, at }) => step === result.step && at <= result.at)
    if (intent && between(intent.at, result.at) >= worthTelling)
      told.push({ at: intent.at, text: `Step ${result.step + 1}, ${intent.title}: begun.` })
    told.push({ at: result.at, text: resultText(result, steps, unsureIn(result.step)) })
  }
  flush(last)
  return told
}

/** What is seen of a run that has no last line: the step that was begun, and what it saw last. */
const openEnd = (run: JournaledRun, later: readonly JournaledRun[]): readonly Moment[] => {
  const { status, unknown, intents, waits, header } = run
  if (status === 'ended') return []
  const intent = unknown === undefined ? undefined : intents.at(-1)
  const seen = waits.filter(({ step, at }: Waiting & { readonly at: string }) => step === unknown && intent && at >= intent.at).at(-1)
  const begun = intent ? [{ at: intent.at, text: `Step ${intent.step + 1}, ${intent.title}: begun.` }] : []
  if (status === 'going on') return begun
  const settled = later.some((one) => isSame(one, run) && one.begin !== undefined)
  const how =
    unknown === undefined ? 'No step was under way' : `Step ${unknown + 1} was under way${seen ? `; last seen: ${seen.because}` : ''}`
  const left = settled || unknown === undefined ? '' : ` How far it came, ${code(`${header.line} --dry-run`)} shows.`
  const ended =
    status === 'elsewhere' ? 'Nothing more is known of it here: another machine wrote it' : 'The program was ended without a word'
  return [...begun, { at: lastOf(run), lead: 'after ', text: `${ended}. ${how}.${left}` }]
}

const momentsOf = (run: JournaledRun, all: readonly JournaledRun[]): readonly Moment[] => {
  const at = all.indexOf(run)
  const { end, notes } = run
  const ended =
    end === undefined
      ? []
      : [
          {
            at: end.at,
            text:
              end.exitCode === 0
                ? `${run.header.undoes === undefined ? 'Done' : 'Taken back'}, and seen to hold.`
                : `Stopped with exit ${end.exitCode}: ${end.failed}. ${end.state}`,
          },
        ]
  return [
    { at: run.header.at, text: beginning(run, all.slice(0, at)) },
    ...[...longWaits(run), ...resultsOf(run, all.slice(0, at)), ...openEnd(run, all.slice(at + 1)), ...ended].sort((one, other) =>
      one.at.localeCompare(other.at),
    ),
    ...notes.map((note) => ({ at: note.at, text: `Note of ${note.who}: ${note.text}` })),
  ]
}

/** Markdown, in UTC, ready for a postmortem: one table over all runs of a story, as somebody would have written it down. `runs`: in their order. */
export const timelineOf = (runs: readonly JournaledRun[]): string => {
  const [first] = runs
  if (first === undefined) return ''
  const { title, environment, subject } = planOf(first)
  const moments = runs.flatMap((run) => momentsOf(run, runs)).sort((one, other) => one.at.localeCompare(other.at))
  const [from, to] = [first.header.at, moments.at(-1)?.at ?? first.header.at]
  const days = from.slice(0, 10) === to.slice(0, 10)
  const time = ({ at, lead = '' }: Moment) => `${lead}${at.slice(days ? 11 : 0, 19).replace('T', ' ')}`
  const endings = runs.map((run) =>
    run.header.undoes === undefined ? endingOf(run) : `taken back${run.end?.exitCode === 0 ? '' : `, ${endingOf(run)}`}`,
  )
  const hour = (at: string) => at.slice(days ? 11 : 0, 19).replace('T', ' ')
  return [
    `## ${title}: ${endings.join(', then ')}`,
    '',
    `In ${environment}, on ${subject}. ${days ? `${from.slice(0, 10)}, ` : ''}${hour(from)} to ${hour(to)} (${duration(between(from, to))}), all times in UTC.`,
    '',
    '| Time | What happened |',
    '| --- | --- |',
    ...moments.map((moment) => `| ${time(moment)} | ${moment.text.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`),
  ].join('\n')
}
