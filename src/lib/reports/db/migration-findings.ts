import { few } from '../../counted.ts'
import type { MigrationFacts } from '../../facts/db/gather-migrations.ts'
import { failedIndexes, indexesInWork, unfinishedIndexes } from '../../facts/db/invalid-indexes.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import type { Observation } from '../../plan/report.ts'
import { sh } from '../../shell.ts'

const most = 12
const list = (names: readonly (string | bigint)[]): string => few(names, most)

/** What is wrong with the schema's versions, worst first. */
export const migrationFindings = (facts: MigrationFacts): readonly Observation[] => [
  ...eraFindings(facts),
  ...runFindings(facts),
  ...fileFindings(facts),
]

const eraFindings = ({ state, versions, files, image, noGit, registry }: MigrationFacts): readonly Observation[] => {
  const found: Observation[] = []
  // The page says what the image must have; which one has it is not known here.
  const bootstrap = files?.length === 0 ? 'honeydue runbook:show db:bootstrap-goose' : 'honeydue db:bootstrap-goose --dry-run'
  if (state.era === 'unmarked')
    found.push({
      level: 'wrong',
      text: `goose_db_version is there without a version, over ${versions.tables} tables: the application starts on a schema that nothing vouches for`,
      next: bootstrap,
    })
  if (state.era === 'empty' && versions.exists)
    found.push({
      level: 'wrong',
      text: 'goose_db_version is there, and nothing else: the application starts on an empty schema',
      next: bootstrap,
    })
  if (state.era === 'automigrate')
    found.push({
      level: 'warning',
      text: 'There is no goose_db_version: the api pods migrate at their start (AutoMigrate)',
      next: bootstrap,
    })
  if (noGit)
    found.push({ level: 'warning', text: `${noGit.failed}: what the image contains is not known`, next: 'honeydue config:explain' })
  else if (files === undefined)
    found.push({
      level: 'warning',
      text: `The tag of ${image} names no commit of the checkout: what it contains is not known`,
      next: 'git fetch',
    })
  if (versions.denied.length > 0)
    found.push({
      level: 'wrong',
      text: `Version ${list(versions.denied)} is recorded with is_applied = false: goose up passes it over as applied, and whether what it makes is there nothing says`,
      next: 'honeydue db:psql',
    })
  if (versions.elsewhere.length > 0)
    found.push({
      level: 'warning',
      text: `There is a goose_db_version in schema ${list(versions.elsewhere)} too: goose uses ${versions.exists ? `that of ${versions.schema}` : `none of them, and would make its own in ${versions.schema}`}, by the role's search_path`,
    })
  if (registry.answered && registry.digest === undefined)
    found.push({
      level: 'wrong',
      text: `${image} is not in its registry: a pod that is to run it cannot start`,
      next: sh`docker buildx imagetools inspect ${image}`,
    })
  return found
}

const runFindings = ({ job, alive, invalid, sessions, files, checkout }: MigrationFacts): readonly Observation[] => {
  const next = 'honeydue db:recover-migration --dry-run'
  const found: Observation[] = failedIndexes(invalid).map(({ name, table }) => ({
    level: 'wrong',
    text: `Index ${name} on ${table} is invalid: its build failed, and nothing uses it`,
    next,
  }))
  for (const { name, table, builder } of indexesInWork(invalid))
    found.push({
      level: 'warning',
      text: `Backend ${builder} is at work on index ${name} of ${table}: it is invalid until that has ended`,
      next: 'honeydue db:locks',
    })
  for (const { name, table, lacking } of unfinishedIndexes(invalid))
    found.push({
      level: 'warning',
      text: `Index ${name} of the partitioned table ${table} is not finished: ${lacking.length === 0 ? 'no partition has one of its own attached' : `${list(lacking)} ${lacking.length === 1 ? 'has' : 'have'} none attached`}; it becomes valid by itself once each has (CREATE INDEX CONCURRENTLY on the partition, then ALTER INDEX ${name} ATTACH PARTITION)`,
    })
  if (job?.outcome === 'failed')
    found.push({
      level: 'wrong',
      text: `The last Job failed${job.failure ? `: ${job.failure.text}` : ', and goose logged no error'}`,
      next,
    })
  if (job?.stuck !== undefined) found.push({ level: 'wrong', text: `The Job's pod does not start: ${job.stuck}`, next })
  for (const { pod, orphan } of alive.filter(({ stuck }) => stuck === undefined))
    found.push({
      level: orphan ? 'wrong' : 'warning',
      text: orphan ? `Pod ${pod} runs migrations, and its Job is gone` : `Pod ${pod} runs migrations now`,
      next: orphan ? next : 'honeydue db:locks',
    })
  for (const { session, file } of runningStatements(sessions, [...(files ?? []), ...checkout]))
    found.push({ level: 'warning', text: `Backend ${session.pid} runs a statement of ${file} now`, next: 'honeydue db:locks' })
  return found
}

const fileFindings = ({ state, checkout, files, refusal }: MigrationFacts): readonly Observation[] => {
  const found: Observation[] = [
    ...(refusal === undefined
      ? []
      : [{ level: 'wrong', text: `goose refuses all files of the image: ${refusal}`, next: 'git log -- migrations' } as const]),
    ...state.pending
      .filter((file) => file.refusal !== undefined)
      .map(
        (file): Observation => ({
          level: 'wrong',
          text: `goose stops at ${file.name}: ${file.refusal}`,
          next: sh`git log -p -- migrations/${file.name}`,
        }),
      ),
    ...state.late.map(
      ({ name }): Observation => ({
        level: 'wrong',
        text: `${name} came late: version ${state.current} is applied, and goose stops at lower numbers`,
        next: 'honeydue db:recover-migration --dry-run',
      }),
    ),
    ...state.edited.map(
      ({ name, commit, at }): Observation => ({
        level: 'wrong',
        text: `${name} was changed by ${commit} at ${at.slice(0, 16).replace('T', ' ')} UTC, after it was applied: goose does not notice`,
        next: sh`git log -p -- migrations/${name}`,
      }),
    ),
  ]
  const differ = files?.filter(({ name, text }) => checkout.some((one) => one.name === name && one.text !== text)) ?? []
  if (state.pending.length > 0 && (state.era === 'goose' || state.era === 'empty'))
    found.push({
      level: 'warning',
      text: `${state.pending.length} pending: ${list(state.pending.map(({ name }) => name))}`,
      next: 'honeydue db:migrate --dry-run',
    })
  if (state.ahead.length > 0 && files !== undefined && state.era === 'goose')
    found.push({ level: 'warning', text: `The schema is ahead of the image: it has no file for version ${list(state.ahead)}` })
  if (differ.length > 0)
    found.push({
      level: 'warning',
      text: `The checkout's ${list(differ.map(({ name }) => name))} differs from the image's`,
      next: 'git status',
    })
  if (state.gaps.length > 0) found.push({ level: 'warning', text: `No file has the number ${list(state.gaps)}: goose passes over gaps` })
  return found
}
