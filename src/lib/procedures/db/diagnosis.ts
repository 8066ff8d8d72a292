import type { Trouble } from '../../plan/errors.ts'
import type { HeldLock } from '../../reports/db/locks.ts'
import type { BuiltSoFar } from '../../reports/db/schema-difference.ts'
import { runningStatements } from '../../reports/db/statements.ts'
import type { MigrateFacts } from './migrate-facts.ts'

/** The ways out, in order of safety. */
export const ways = ['wait', 'unlock', 'rerun', 'drop-index', 'rebuild-index', 'fix', 'mark', 'restore'] as const
export type Way = (typeof ways)[number]

/** How far the first pending file came, by comparing the live schema with what the files build elsewhere. */
export interface Progress {
  readonly built: BuiltSoFar
  readonly there: readonly string[]
  readonly missing: readonly string[]
  /** Why it could not be compared. */
  readonly trouble?: Trouble
}

export interface RecoverFacts extends MigrateFacts {
  readonly progress: Progress | undefined
  /** Advisory locks that the pooler's idle connections hold: nothing will release them. */
  readonly stranded: readonly HeldLock[]
  /** Api pods whose last line is that they acquire the migration's lock. */
  readonly hanging: readonly string[]
}

/** What was found, and the ways out that fit; the first is the one to take. */
export interface Diagnosis {
  readonly found: readonly string[]
  readonly ways: readonly { readonly way: Way; readonly because: string }[]
}

const is = (way: Way, because: string) => ({ way, because })

/** Decides from facts alone; nothing found means nothing to recover from. */
export const diagnose = (facts: RecoverFacts): Diagnosis => {
  const { job, alive, sessions, files, invalid, state, stranded, hanging, progress, image } = facts
  const running = runningStatements(sessions, files ?? [])
  const first = state.pending[0]
  const restore = is('restore', 'Neon keeps the history; it rewinds every database of the branch')
  if (alive.length > 0 || running.length > 0)
    return {
      found: [
        ...alive.map(({ pod, orphan }) => `pod ${pod} runs migrations${orphan ? ', and its Job is gone' : ''}`),
        ...running.map(({ session, file }) => `backend ${session.pid} runs a statement of ${file}`),
      ],
      ways: [is('wait', 'what still runs may come to its end, and decides what is to be done')],
    }
  if (stranded.length > 0 && state.era !== 'goose')
    return {
      found: [
        ...stranded.map(({ key, pid }) => `advisory lock ${key} is stranded on the pooler, held by backend ${pid}`),
        ...hanging.map((pod) => `pod ${pod} hangs at "Acquiring migration advisory lock..."`),
      ],
      ways: [is('unlock', 'ending that one backend releases the lock, and the pods go on')],
    }
  if (invalid.length > 0) {
    const pending = invalid.filter(({ name }) => state.pending.some(({ text }) => text.includes(name)))
    return {
      found: [...invalid.map(({ name, table }) => `index ${name} on ${table} is invalid`), ...failureOf(facts)],
      ways:
        pending.length === invalid.length
          ? [is('drop-index', 'the file that builds it is pending: it runs again'), restore]
          : [is('rebuild-index', 'goose has recorded the file that builds it: it does not run again'), restore],
    }
  }
  if (state.late.length > 0)
    return {
      found: state.late.map(({ name }) => `${name} came late: version ${state.current} is applied`),
      ways: [is('fix', 'goose runs no number below the current version: it needs a higher one')],
    }
  if (state.edited.length > 0)
    return {
      found: state.edited.map(({ name, commit }) => `${name} was changed by ${commit} after it was applied`),
      ways: [is('fix', 'goose does not run it again: the change belongs in a new file')],
    }
  const failed = job?.outcome === 'failed' && job.image === image
  if (first === undefined || (!failed && (progress === undefined || progress.built === 'none' || progress.built === 'unclear')))
    return first !== undefined && job === undefined && progress?.built === 'none'
      ? {
          found: [`${first.name} is not recorded, nothing of it is there, and nothing runs`],
          ways: [is('rerun', 'it runs from its start')],
        }
      : { found: [], ways: [] }
  const objects = (list: readonly string[]) => (list.length > 3 ? `${list.length} objects` : list.join(', '))
  if (progress?.built === 'all')
    return {
      found: [`everything that ${first.name} makes is there, and goose has not recorded it`, ...failureOf(facts)],
      ways: [is('mark', 'it came to its end: running it again would fail'), restore],
    }
  if (progress?.built === 'part')
    return {
      found: [`${first.name} is half there: ${objects(progress.there)}; not ${objects(progress.missing)}`, ...failureOf(facts)],
      ways: [
        is('fix', 'what is half there must go, or be completed, before anything runs'),
        is('mark', 'once it is completed by hand'),
        restore,
      ],
    }
  return {
    found: [`nothing of ${first.name} is there`, ...failureOf(facts)],
    ways:
      job?.failure?.file === undefined
        ? [is('rerun', 'it was stopped, not refused'), restore]
        : [is('fix', 'it would fail again as it is'), restore],
  }
}

const failureOf = ({ job }: RecoverFacts): readonly string[] => (job?.failure ? [job.failure.text] : [])
