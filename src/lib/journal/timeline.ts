import type { StepState } from '../plan/outcome.ts'
import type { PlannedStep } from '../plan/plan.ts'
import type { JournaledRun } from './read-journal.ts'

/** The plan that was performed: as it stood under the lease. */
export const planOf = ({ begin, header }: JournaledRun) => begin?.plan ?? header.plan

/** How far each step came, as far as the journal knows. An intent without a result is half done: nobody knows more. */
export const statesOf = (run: JournaledRun): readonly StepState[] =>
  planOf(run).steps.map((_, i) => run.results.filter(({ step }) => step === i).at(-1)?.state ?? (run.unknown === i ? 'half' : 'untouched'))

const words: Readonly<Record<StepState, string>> = {
  done: 'done, and seen to hold',
  undone: 'done, and undone since by somebody else',
  already: 'was so already',
  settled: 'answered yes',
  proven: 'seen to hold',
  half: 'begun, and not brought to its end',
  unverified: 'done, but not seen to hold in time',
  untouched: 'not begun',
}

/** How it ended, in a few words. */
export const endingOf = (run: JournaledRun): string => {
  const { end, status, unknown } = run
  if (end) return end.exitCode === 0 ? 'done' : `stopped (exit ${end.exitCode})`
  const step = unknown === undefined ? '' : ` in step ${unknown + 1}`
  return status === 'going on' ? `going on${step}` : status === 'interrupted' ? `interrupted${step}` : 'of another machine, without an end'
}

const seconds = (ms: number): string =>
  ms < 950 ? `${ms} ms` : ms < 90_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`

const readings = ({ effect }: PlannedStep): string =>
  effect.map(({ what, before, after }) => ` ${what}: \`${before}\` → \`${after}\`.`).join('')

/** Lines of what happened, each with its time. */
const momentsOf = (run: JournaledRun): readonly (readonly [string, string])[] => {
  const { header, begin, end } = run
  const { steps } = planOf(run)
  const title = (step: number) => `step ${step + 1}, ${steps[step]?.title ?? '?'}`
  const lease =
    begin && ('none' in begin.lease ? `without a lease (${begin.lease.none})` : `holding the operators’ lease, epoch ${begin.lease.epoch}`)
  const moments: (readonly [string, string])[] = [
    [header.at, `${header.who.user}@${header.who.host} planned \`${header.line}\` (plan ${header.plan.name}).`],
    ...(begin ? [[begin.at, `The run began, ${lease}.`] as const] : []),
    ...run.intents.map(({ at, step }) => [at, `Began ${title(step)}.`] as const),
    ...run.waits.map(({ at, step, because }) => [at, `Waited in ${title(step)}: ${because}.`] as const),
    ...run.results.map(({ at, step, state, ms, because }) => {
      const one = steps[step]
      const read = one && (state === 'done' || state === 'already') ? readings(one) : ''
      const took = state === 'done' ? ` after ${seconds(ms)}` : ''
      return [
        at,
        `${title(step).replace(/^s/, 'S')}: ${words[state]}${took}.${read}${because === undefined ? '' : ` ${because}.`}`,
      ] as const
    }),
    ...run.notes.map(({ at, who, text }) => [at, `Note of ${who}: ${text}`] as const),
    ...(end
      ? [
          [
            end.at,
            end.exitCode === 0
              ? 'The run ended: done, and seen to hold.'
              : `The run stopped with exit ${end.exitCode}: ${end.failed}. ${end.state}`,
          ] as const,
        ]
      : []),
  ]
  return moments.sort(([one], [other]) => one.localeCompare(other))
}

/** Markdown, in UTC, ready for a postmortem: what was done by whom, with the readings before and after. Further runs of the same page follow in their order. */
export const timelineOf = (runs: readonly JournaledRun[]): string =>
  [...runs]
    .sort((one, other) => one.header.at.localeCompare(other.header.at))
    .map(timelineOfOne)
    .join('\n\n')

const timelineOfOne = (run: JournaledRun): string => {
  const { header, status, unknown } = run
  const { title, environment, subject } = planOf(run)
  const moments = momentsOf(run)
  const last = moments.filter(([, text]) => !text.startsWith('Note of ')).at(-1)?.[0] ?? header.at
  const after =
    status === 'interrupted'
      ? [
          `| after ${last.slice(11, 19)} | The program was ended without a word. ${unknown === undefined ? 'No step was under way.' : `How far step ${unknown + 1} came, the journal does not know: the next run settled it, or \`${header.line} --dry-run\` does.`} |`,
        ]
      : []
  return [
    `## ${title}: ${endingOf(run)}`,
    '',
    `Run ${run.run} in ${environment}, on ${subject}, ${header.at.slice(0, 10)}. All times are UTC.${header.undoes ? ` It takes back run ${header.undoes}.` : ''}`,
    '',
    '| Time | What happened |',
    '| --- | --- |',
    ...rows(moments.filter(([at]) => at <= last)),
    ...after,
    ...rows(moments.filter(([at]) => at > last)),
  ].join('\n')
}

const rows = (moments: readonly (readonly [string, string])[]): readonly string[] =>
  moments.map(([at, text]) => `| ${at.slice(11, 19)} | ${text.replaceAll('|', '\\|').replaceAll('\n', ' ')} |`)
