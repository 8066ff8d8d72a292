import { minutes } from '../../clock.ts'
import { failedIndexes, indexesInWork } from '../../facts/db/invalid-indexes.ts'
import { gatherRunners, jobName, podLabel } from '../../facts/db/migrate-job.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import { holdsSnapshot, oldSnapshots } from '../../facts/db/snapshots.ts'
import { every, type Finding, fails, when } from '../../plan/finding.ts'
import type { Change, Gate, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import { differencesIn, gatherBaseline, markBaseline } from './baseline.ts'
import type { Diagnosis, RecoverFacts, Way } from './diagnosis.ts'
import { completed, halfThere } from './half-run.ts'
import { standing } from './migrate-refusals.ts'
import { migrateSteps } from './migrate-steps.ts'
import { restoreSteps } from './restore-steps.ts'

type Needs = 'kube' | 'postgres' | 'checkout' | 'scratch'
export type Chosen = RecoverFacts & { readonly way: Way | undefined }

/** The asked way, or the first that fits; undefined where nothing is broken. */
export const chosenWay = (asked: Way | 'found', { ways }: Diagnosis): Way | undefined => (asked === 'found' ? ways[0]?.way : asked)

/** The steps of one way out. A way that does not fit what was found is refused by its first change's check. */
export const recoverSteps = (facts: Chosen, diagnosis: Diagnosis): readonly Step<Needs>[] => {
  const fits = when(
    diagnosis.ways.some(({ way }) => way === facts.way),
    `--way ${facts.way} does not fit: ${diagnosis.found.join('; ') || 'nothing is broken'}`,
  )
  switch (facts.way) {
    case undefined:
      return []
    case 'wait':
      return [waitForIt(facts, fits)]
    case 'unlock':
      return facts.stranded.map((lock) => releaseLock(facts, lock, fits))
    case 'rerun':
      return again(facts, fits)
    case 'drop-index':
      return [
        ...duplicates(facts),
        ...failedIndexes(facts.invalid).map((index) => dropIndex(facts, index, fits)),
        ...again({ ...facts, invalid: [] }, fits),
      ]
    case 'rebuild-index':
      return [
        ...duplicates(facts),
        ...failedIndexes(facts.invalid)
          .filter(isLeftOver)
          .map((index) => dropIndex(facts, index, fits)),
        ...failedIndexes(facts.invalid)
          .filter((index) => !isLeftOver(index))
          .map((index) => rebuildIndex(facts, index, every([fits, ...inTheWayOfABuild(facts)]))),
      ]
    case 'bootstrap':
      return [markBaseline(facts, fits)]
    case 'mark':
      return markFirst(facts, fits)
    case 'fix':
      return [checked(fits), ...fixSteps(facts, fits)]
    case 'restore':
      return [checked(fits), ...restoreSteps(facts)]
  }
}

const again = (facts: Chosen, fits: Finding): readonly Step<Needs>[] => migrateSteps(facts, fits.ok ? standing(facts) : fits)

/** A proof that only says whether the way fits: it stands before gates, which have no check. */
const checked = (fits: Finding): Step<Needs> => ({
  title: 'The chosen way fits the diagnosis',
  holds: async () => fits,
  // The plan was made of what was found: nothing is to be asked anew.
  shows: () => ({ lines: [] }),
})

const waitForIt = (facts: Chosen, fits: Finding): Change<Needs> => ({
  title: 'Wait until nothing runs migrations any more',
  effect: [{ what: 'pods and backends that run migrations', before: 'some', after: 'none' }],
  unknown: 'how long it takes',
  check: async () => fits,
  apply: async () => {},
  verify: async (look) => nothingRuns(facts, look),
  within: minutes(10),
  shows: (prove) =>
    both(
      prove.kube.noPods({ namespace: facts.namespace, labels: podLabel, within: minutes(10) }),
      prove.postgres.nothingBuilt(facts.target),
      // A statement of a file goes on without its pod, and looks like any other.
      { lines: [sh`see ${'No backend runs a statement of a migration: honeydue db:locks'}`] },
    ),
  undo: async () => {},
})

const nothingRuns = async ({ namespace, target, files }: Chosen, look: Readers<Needs>): Promise<Finding> => {
  const [{ alive }, sessions, invalid] = await Promise.all([
    gatherRunners(look.kube, namespace),
    look.postgres.sessions(target),
    look.postgres.invalidIndexes(target),
  ])
  const running = runningStatements(sessions, files ?? [])
  return every([
    ...alive.map(({ pod }) => fails(`pod ${pod} runs`)),
    ...running.map(({ session }) => fails(`backend ${session.pid} runs`)),
    ...indexesInWork(invalid).map(({ name, builder }) => fails(`backend ${builder} is at work on index ${name}`)),
  ])
}

/** The writer's own, for a rebuild: milliseconds. */
const lockTimeout = 5_000

/** A build waits for older snapshots as long as for a lock: ours gives up after as many seconds. */
const inTheWayOfABuild = ({ sessions }: Chosen): readonly Finding[] =>
  oldSnapshots(sessions, lockTimeout).map((session) =>
    fails(`${holdsSnapshot(session)}: the build waits for it whatever it reads, and gives up after ${lockTimeout / 1000} s`),
  )

const releaseLock = ({ target }: Chosen, { key, pid, holder }: Chosen['stranded'][number], fits: Finding): Change<Needs> => ({
  title: `End backend ${pid}, on which the lock is stranded`,
  effect: [
    { what: `advisory lock ${key}`, before: `held by backend ${pid} of the pooler`, after: 'free, unless a pod that waited has it' },
  ],
  check: async () => fits,
  apply: async (write) => {
    if (holder) await write.postgres.endBackend(target, holder)
  },
  verify: async (look) => {
    const left = (await look.postgres.sessions(target)).some((one) => one.pid === pid && one.backendStart === holder?.backendStart)
    return when(!left, `backend ${pid} is still there`)
  },
  ...(holder && { shows: (prove) => prove.postgres.sessionGone(target, holder) }),
  undo: { impossible: 'a session that has ended does not come back; the lock that it held had no owner' },
})

const dropIndex = ({ target }: Chosen, index: Chosen['invalid'][number], fits: Finding): Change<Needs> => ({
  title: `Drop the invalid index ${index.name}`,
  effect: [{ what: `index ${index.schema}.${index.name}`, before: 'invalid: nothing uses it', after: 'gone' }],
  check: async () => fits,
  apply: (write) => write.postgres.dropInvalidIndex(target, index),
  verify: async (look) => {
    const left = (await look.postgres.invalidIndexes(target)).some(({ schema, name }) => schema === index.schema && name === index.name)
    return when(!left, `index ${index.name} is still invalid`)
  },
  shows: (prove) => prove.postgres.noInvalid(target, index),
  undo: { impossible: 'an index that never was valid has nothing to come back for' },
})

/** What a REINDEX CONCURRENTLY that stopped leaves beside the index: it is not built anew, it goes. */
const isLeftOver = ({ name }: Chosen['invalid'][number]): boolean => /_cc(new|old)\d*$/.test(name)

const rebuildIndex = ({ target }: Chosen, index: Chosen['invalid'][number], fits: Finding): Change<Needs> => ({
  title: `Build the invalid index ${index.name} anew`,
  effect: [{ what: `index ${index.schema}.${index.name}`, before: 'invalid: nothing uses it', after: 'valid' }],
  unknown: 'how long it takes; it blocks no writes',
  check: async () => fits,
  apply: (write) => write.postgres.rebuildInvalidIndex(target, index),
  verify: async (look) => {
    const left = (await look.postgres.invalidIndexes(target)).some(({ name }) => name === index.name || name === `${index.name}_ccnew`)
    return when(!left, `index ${index.name} is still invalid`)
  },
  shows: (prove) =>
    both(prove.postgres.noInvalid(target, index), prove.postgres.noInvalid(target, { ...index, name: `${index.name}_ccnew` })),
  undo: { impossible: 'an index that was invalid has no state worth going back to' },
})

/** A unique index that did not build has met rows that are twice there: only a human says which go. */
const duplicates = ({ invalid, job }: Chosen): readonly Gate<Needs>[] =>
  failedIndexes(invalid)
    .filter(({ definition }) => definition.startsWith('CREATE UNIQUE') && job?.failure?.sqlState === '23505')
    .map(({ name, definition }) => ({
      title: `Duplicate rows are gone from ${name}`,
      ask: `${definition}: does every row differ in that now?`,
    }))

const markFirst = (facts: Chosen, fits: Finding): readonly Step<Needs>[] => {
  const [first, ...rest] = facts.state.pending
  if (!first) return [checked(fits)]
  const mark: Change<Needs> = {
    title: `Mark version ${first.version} as applied`,
    effect: [{ what: `${first.name} in goose_db_version`, before: 'not applied', after: 'applied, without running it' }],
    check: async () => fits,
    apply: (write) => write.postgres.markVersions(facts.target, [first.version], facts.versions.schema),
    verify: async (look) => {
      const { applied } = await look.postgres.versions(facts.target)
      return when(
        applied.some(({ version }) => version === first.version),
        `version ${first.version} is not marked`,
      )
    },
    shows: (prove) => prove.postgres.applied(facts.target, [first.version], facts.versions.schema),
    undo: { impossible: 'goose keeps every row of its table; a row that says otherwise would have to be written by hand' },
  }
  const state = { ...facts.state, current: first.version, pending: rest }
  return [...completed(facts, first, fits), mark, ...again({ ...facts, state }, fits)]
}

/** What only a person can put right; what they did is looked at, or tried, before anything is told as done. */
const fixSteps = (facts: Chosen, fits: Finding): readonly Step<Needs>[] => {
  const { state, job, progress, image } = facts
  const [first] = state.pending
  if (state.era === 'unmarked' || state.era === 'automigrate')
    return [
      {
        title: 'The schema is changed to what the first file builds',
        ask: `${differencesIn(facts).join('; ') || `${image} has no migrations: name one that has with --image`}. Change the schema with honeydue db:psql --write. Or change the file in a new image, answer no, and run this again with --image. Is the schema changed?`,
      },
      {
        title: 'The schema is what the first file builds',
        onlyAfterwards: true,
        shows: () => ({ lines: [sh`see ${'honeydue db:bootstrap-goose --dry-run names no difference any more'}`] }),
        holds: async (look) => every(differencesIn({ ...facts, ...(await gatherBaseline(facts, look)) }).map((because) => fails(because))),
      },
    ]
  if (state.late.length > 0 || state.edited.length > 0) {
    const names = [...state.late, ...state.edited].map(({ name }) => name)
    return [
      {
        title: `A new image has ${names.join(', ')} put right`.slice(0, 60),
        ask: `Give what ${names.join(', ')} is to do a number above ${state.current}, restore applied files from git, build, and run, in another window: honeydue db:migrate --image. Is that done?`,
      },
      {
        title: 'The last Job had other files, and came to its end',
        onlyAfterwards: true,
        holds: (look) => ranOthers(facts, look),
        shows: (prove) => prove.kube.jobOfAnotherImage({ namespace: facts.namespace, name: jobName, image }),
      },
    ]
  }
  if ((progress?.built === 'part' || progress?.built === 'all') && first) return halfThere(facts, first, progress)
  return [
    {
      title: `What version ${first?.version ?? '?'} failed at is put right`,
      ask: `${job?.failure?.text ?? 'goose said nothing'}. Change what it met with honeydue db:psql --write: then it runs again as it is. If the file itself is wrong, answer no, put it right in a new image, and run honeydue db:migrate --image. Is what it met changed?`,
    },
    ...again(facts, fits),
  ]
}

const ranOthers = async ({ namespace, image }: Chosen, look: Readers<Needs>): Promise<Finding> => {
  const { job } = await gatherRunners(look.kube, namespace)
  return when(job?.outcome === 'complete' && job.image !== image, `no Job of another image than ${image} has come to its end`)
}
