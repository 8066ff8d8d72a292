import type { Trouble } from '../../errors.ts'
import type { GooseFailure } from '../../facts/db/goose-failure.ts'
import { builds, failedIndexes, indexesInWork } from '../../facts/db/invalid-indexes.ts'
import type { HeldLock } from '../../facts/db/locks.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import type { BuiltSoFar } from '../../facts/db/schema-difference.ts'
import type { SchemaObject } from '../../systems/postgres/types.ts'
import { type Baseline, differencesIn } from './baseline.ts'
import type { MigrateFacts } from './migrate-facts.ts'

/** The ways out, in order of safety. */
export const ways = ['wait', 'unlock', 'rerun', 'drop-index', 'rebuild-index', 'bootstrap', 'fix', 'mark', 'restore'] as const
export type Way = (typeof ways)[number]

/** How far the first pending file came, by comparing the live schema with what the files build elsewhere. */
export interface Progress {
  readonly built: BuiltSoFar
  readonly there: readonly string[]
  readonly missing: readonly string[]
  /** What the files build without it and with it. */
  readonly before: readonly SchemaObject[]
  readonly after: readonly SchemaObject[]
  /** No failure of the file is known, and each of its statements leaves an object that was compared: what is there has run. */
  readonly told: boolean
  /** The statements that are not known to have run. `stopped`: which one failed, counted from 1, where goose says that one did. */
  readonly rest: { readonly stopped: number | 'somewhere' | undefined; readonly statements: readonly string[] }
  /** What takes away what is there, and what nothing brings back. */
  readonly undo: { readonly statements: readonly string[]; readonly words: readonly string[] }
  /** Why it could not be compared. */
  readonly trouble?: Trouble
}

export interface RecoverFacts extends MigrateFacts, Baseline {
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
  const { job, alive, sessions, files, state, stranded, hanging, progress, image } = facts
  const running = runningStatements(sessions, files ?? [])
  const runs = alive.filter(({ stuck }) => stuck === undefined)
  const first = state.pending[0]
  const restore = is('restore', 'Neon keeps the history; it rewinds every database of the branch')
  const inWork = indexesInWork(facts.invalid)
  const invalid = failedIndexes(facts.invalid)
  if (runs.length > 0 || running.length > 0 || inWork.length > 0)
    return {
      found: [
        ...runs.map(({ pod, orphan }) => `pod ${pod} runs migrations${orphan ? ', and its Job is gone' : ''}`),
        ...running.map(({ session, file }) => `backend ${session.pid} runs a statement of ${file}`),
        ...inWork.map(({ name, builder }) => `backend ${builder} is at work on index ${name}`),
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
  const unable = alive.find(({ stuck }) => stuck !== undefined)
  if (unable)
    return {
      found: [`pod ${unable.pod} does not start: ${unable.stuck}`],
      ways: [is('rerun', 'nothing has run: what keeps it from starting is put right, and it begins anew')],
    }
  if (state.era === 'unmarked' || (state.era === 'automigrate' && first !== undefined)) return unmarked(facts)
  if (invalid.length > 0) {
    const pending = invalid.filter(({ name }) => state.pending.some((file) => builds(file, name)))
    return {
      found: [...invalid.map(({ name, table }) => `index ${name} on ${table} is invalid`), ...failureOf(facts)],
      ways:
        pending.length === invalid.length
          ? [is('drop-index', 'the file that builds it is pending: it runs again'), restore]
          : [is('rebuild-index', 'goose has recorded the file that builds it: it does not run again')],
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
  if (progress?.built === 'all' && progress.told)
    return {
      found: [`everything that ${first.name} makes is there, and goose has not recorded it`],
      ways: [is('mark', 'it came to its end: running it again would fail'), restore],
    }
  if (progress?.built === 'all')
    return {
      found: [
        `every object that ${first.name} makes is there, but goose has not recorded it: ${stoppedAt(first, progress)}`,
        ...failureOf(facts),
      ],
      ways: [is('fix', 'what is there must go before it runs again'), is('mark', 'once what has not run is run by hand'), restore],
    }
  if (progress?.built === 'part')
    return {
      found: [
        `${first.name} is half there: ${objects(progress.there)}; not ${objects(progress.missing)}`,
        ...(typeof progress.rest.stopped === 'number' ? [stoppedAt(first, progress)] : []),
        ...failureOf(facts),
      ],
      ways: [
        is('fix', 'what is half there must go, or be completed, before anything runs'),
        is('mark', 'once what has not run is run by hand'),
        restore,
      ],
    }
  const later = is('rerun', 'once what it met is changed')
  // Rolled back with the transaction; without one, only objects tell.
  if (state.era === 'goose' && progress?.built !== 'none' && !first.transaction)
    return {
      found: [`whether anything of ${first.name} has run is not known: no object tells`, ...failureOf(facts)],
      ways: [is('fix', 'only a look at the rows tells what of it is there'), later, is('mark', 'once all of it is there'), restore],
    }
  return {
    found: [`nothing of ${first.name} is there`, ...failureOf(facts)],
    ways:
      job?.failure?.file === undefined || passes(job.failure)
        ? [
            is(
              'rerun',
              job?.failure?.file === undefined
                ? 'it was stopped, not refused'
                : 'nothing is wrong with the file: a lock, a cancelled statement or a lost connection was in its way; honeydue db:locks shows who is now',
            ),
            restore,
          ]
        : [is('fix', 'it would fail again as it is'), later, restore],
  }
}

/** What stood in the way may be gone by the next run: locks, deadlocks, serialisation, cancelled, connection or server gone, no room. */
const passes = ({ sqlState, statement }: GooseFailure): boolean =>
  sqlState === undefined ? statement !== undefined : /^(55P03|40P01|40001|57014|57P0\w|08\w{3}|53\w{3})$/.test(sqlState)

/** What is known of the statements that no object tells of. */
const stoppedAt = ({ statements }: MigrateFacts['state']['pending'][number], { rest }: Progress): string =>
  rest.stopped === undefined
    ? 'whether what leaves none has run (rows, rights, row security, blocks, functions), nothing tells'
    : rest.stopped === 'somewhere'
      ? 'it failed, and at which statement is not known'
      : `statement ${rest.stopped} of ${statements.length} failed, and what stands from there on has not run`

/** A schema that no version vouches for, and files that goose is to run on it. */
const unmarked = (facts: RecoverFacts): Diagnosis => {
  const { state, versions, files, image } = facts
  const table = versions.exists ? 'goose_db_version is there without a version' : 'there is no goose_db_version'
  const found = [`${table}, over ${versions.tables} tables, and ${image} is for goose`]
  const differences = differencesIn(facts)
  if (files === undefined || files.length === 0)
    return state.era === 'unmarked' ? { found, ways: [is('fix', 'no file is known to compare with')] } : { found: [], ways: [] }
  return differences.length === 0
    ? { found, ways: [is('bootstrap', `the schema is what ${files[0]?.name} builds: it is recorded, and nothing of it is run`)] }
    : { found: [...found, ...differences], ways: [is('fix', 'the schema is not what the first file builds: one of the two has to change')] }
}

const failureOf = ({ job }: RecoverFacts): readonly string[] => (job?.failure ? [job.failure.text] : [])
