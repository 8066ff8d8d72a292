import { failedIndexes, indexesInWork } from '../../facts/db/invalid-indexes.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import { holdsSnapshot, oldSnapshots, waitsForSnapshots } from '../../facts/db/snapshots.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { MigrateFacts } from './migrate-facts.ts'

/** What looks for the way out of a migration that failed. */
export const recovery = 'honeydue db:recover-migration --dry-run'

/** A Job of ours that still runs, with this image: a run that was interrupted goes on with it. */
export const resumable = ({ job, image, state }: MigrateFacts): boolean =>
  job?.outcome === 'running' &&
  job.stuck === undefined &&
  job.image === image &&
  job.migratesTo !== undefined &&
  (state.pending.length === 0 || job.migratesTo === lastOf(state.pending))

/** The version that these files lead to. */
export const lastOf = (pending: MigrateFacts['state']['pending']): bigint => pending.at(-1)?.version ?? 0n

/** Everything that speaks against a run, at once. */
export const refusals = (facts: MigrateFacts): Finding => {
  const { job, state, image } = facts
  const again = job?.outcome === 'failed' && job.image === image && state.pending.some(({ name }) => name === job.failure?.file)
  return every([
    standing(facts),
    when(!again, `the last Job failed at ${job?.failure?.file} with this image: db:recover-migration finds the way out`, recovery),
  ])
}

/** The same without what only a recovery may pass over. */
export const standing = (facts: MigrateFacts): Finding => {
  const { state, files, image, noGit, registry, alive, sessions, invalid, manifest, rehearsal } = facts
  // A pod of the Job that never started goes with the Job before anything runs.
  const others = resumable(facts) ? [] : alive.filter(({ orphan, stuck }) => orphan || stuck === undefined)
  return every([
    when(
      state.era === 'goose' || state.era === 'empty',
      `the schema has no version of goose (${state.era}): db:bootstrap-goose comes first`,
      sh`honeydue db:bootstrap-goose --image ${image} --dry-run`,
    ),
    when(
      files !== undefined,
      noGit?.failed ?? `the tag of ${image} names no commit of the checkout: what it contains is not known`,
      noGit?.next ?? 'git fetch --tags',
    ),
    when(
      !registry.answered || registry.digest !== undefined,
      `${image} is not in its registry: push it, or name another with --image`,
      sh`docker buildx imagetools inspect ${image}`,
    ),
    facts.refusal === undefined ? holds : fails(`goose refuses all files of the image: ${facts.refusal}`),
    ...state.pending.filter(({ refusal }) => refusal !== undefined).map(({ name, refusal }) => fails(`goose stops at ${name}: ${refusal}`)),
    ...state.pending.filter(({ strange }) => strange !== undefined).map(({ name, strange }) => fails(`${name} is ${strange}`)),
    ...facts.statements.flatMap(({ file, text, refused }) => (refused === undefined ? [] : [fails(`${file}: ${text}: ${refused}`)])),
    ...state.late.map(({ name }) => fails(`${name} came late: version ${state.current} is applied, and goose stops there`)),
    ...state.edited.map(({ name, commit }) => fails(`${name} was changed by ${commit} after it was applied`)),
    ...others.map(({ pod, orphan }) => fails(`pod ${pod} runs migrations${orphan ? ', and its Job is gone' : ''}`)),
    ...(resumable(facts) ? [] : runningStatements(sessions, files ?? [])).map(({ session, file }) =>
      fails(`backend ${session.pid} runs a statement of ${file}`, 'honeydue db:locks'),
    ),
    ...failedIndexes(invalid).map(({ name }) => fails(`index ${name} is invalid: goose would record success over it`)),
    ...(resumable(facts) ? [] : indexesInWork(invalid)).map(({ name, builder }) =>
      fails(`backend ${builder} is at work on index ${name}`, 'honeydue db:locks'),
    ),
    ...snapshotsInTheWay(facts).map((because) => fails(because, 'honeydue db:locks')),
    manifest.usable ? holds : fails(manifest.because),
    rehearsal?.failure === undefined ? holds : fails(`rehearsed elsewhere, it failed: ${rehearsal.failure}`),
    rehearsal?.unable === undefined ? holds : fails(`not rehearsed because ${rehearsal.unable}; without --rehearse it runs unrehearsed`),
  ])
}

/** What a concurrent build waits for: with a lock_timeout in the manifest it gives up there, and leaves its index invalid. */
const snapshotsInTheWay = ({ manifest, state, sessions }: MigrateFacts): readonly string[] => {
  if (!manifest.usable || manifest.lockTimeout === undefined || !waitsForSnapshots(state.pending)) return []
  const limit = manifest.lockTimeout
  return oldSnapshots(sessions, limit).map(
    (session) =>
      `${holdsSnapshot(session)}: an index that is built concurrently waits for it whatever it reads, and the manifest's lock_timeout of ${limit / 1000} s ends that wait`,
  )
}
