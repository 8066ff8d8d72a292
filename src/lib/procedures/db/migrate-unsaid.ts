import { reasonOf } from '../../errors.ts'
import { whole } from '../../facts/db/measured.ts'
import { holdsSnapshot, oldSnapshots, waitsForSnapshots } from '../../facts/db/snapshots.ts'
import type { MigrateFacts } from './migrate-facts.ts'

/** That the registry did not say whether it has the image: no reason to stop, and worth knowing where something is to run. */
export const unasked = ({ registry, image, state }: MigrateFacts): readonly string[] =>
  registry.answered || state.pending.length === 0 ? [] : [`Whether ${image} is in its registry is not known: ${reasonOf(registry.trouble)}`]

/** That a plan was made by running what others wrote. */
export const ranHere = 'The files were run on a private PostgreSQL of this machine, by a role without rights on it; it is gone at the end'

/** What the plan says beside its steps. */
export const unsaid = (facts: MigrateFacts): readonly string[] => {
  const { state, versions, files, manifest, image, liveImage, sessions, namespace, rehearsal } = facts
  const ahead =
    state.ahead.length === 0 || files === undefined
      ? []
      : [
          `The schema is ahead of ${image}, which has no file for version ${state.ahead.join(', ')}: rolled back to, it runs on a schema it does not know`,
        ]
  if (state.pending.length === 0)
    return [...ahead, ...(image === liveImage ? [`The live image has nothing pending: --image names the one that is to be deployed`] : [])]
  const statements = facts.statements.map(whole)
  const exclusive = statements.filter(({ lock }) => lock === 'AccessExclusive')
  const tables = [
    ...new Set(exclusive.flatMap(({ locks }) => locks.filter(({ mode }) => mode === 'AccessExclusive').map(({ table }) => table))),
  ].join(', ')
  const destroying = statements.filter(({ destroys }) => destroys)
  const held = state.pending.filter(({ transaction, statements }) => transaction && statements.length > 1).map(({ name }) => name)
  const old = sessions.filter(({ transactionAge }) => (transactionAge ?? 0) > 60)
  // Whatever is older than the build may still look at a version of a row that the index will lack.
  const snapshots = facts.statements.some(({ concurrently }) => concurrently)
    ? sessions.filter(({ transactionAge }) => (transactionAge ?? 0) > 1)
    : []
  return [
    ...(rehearsal?.lines.map((line) => `Rehearsed without rows: ${line.replace(/^[\d/]+ [\d:]+ /, '')}`) ?? []),
    ...(rehearsal === undefined ? [] : [ranHere]),
    ...(manifest.usable ? [`The Job runs: ${manifest.command || 'what the image runs by itself'}`] : []),
    `What ${image} contains is what git has at its tag: an image of an unclean working copy has other files`,
    ...unasked(facts),
    ...ahead,
    ...versions.denied.map(
      (version) => `Version ${version} is recorded with is_applied = false: goose passes it over as applied, and does not run it`,
    ),
    ...(image === liveImage ? [] : [`Until the rollout, ${liveImage} runs on a schema that is ahead of it`]),
    ...(destroying.length === 0
      ? []
      : [
          `It destroys (${destroying.map(({ text }) => text).join('; ')}): what of it ${liveImage} reads fails from then on; honeydue db:restore-point makes the way back, before`,
        ]),
    ...(tables === '' || held.length === 0
      ? []
      : [`${held.join(', ')}: one transaction a file, and what its statements lock stays locked until its end`]),
    ...(tables === ''
      ? []
      : [
          `Pods keep query plans of ${tables} from before, and may fail once: kubectl -n ${namespace} rollout restart deploy/api deploy/worker`,
        ]),
    ...(manifest.usable && manifest.lockTimeout === undefined
      ? ['The manifest sets no lock_timeout: while a statement waits for its lock, whatever needs the table waits behind it']
      : []),
    ...(manifest.usable && manifest.retries > 0
      ? [`The Job tries again by itself after a failure (backoffLimit ${manifest.retries})`]
      : []),
    ...snapshots.map(
      ({ pid, application, transactionAge }) =>
        `Backend ${pid} (${application || 'no name'}) has had a transaction open for ${Math.round(transactionAge ?? 0)} s: what is built CONCURRENTLY waits for its end, whatever table it reads${manifest.usable && manifest.lockTimeout ? ', no longer than lock_timeout, and an index is invalid then' : ''}`,
    ),
    ...(snapshots.length > 0 ? [] : old).map(
      ({ pid, application }) =>
        `Backend ${pid} (${application || 'no name'}) has had a transaction open for over a minute: what needs its tables waits`,
    ),
    ...(waitsForSnapshots(state.pending) ? oldSnapshots(sessions, 1000) : []).map(
      (session) => `${holdsSnapshot(session).replace(/^b/, 'B')}: an index that is built concurrently waits for it, whatever it reads`,
    ),
  ]
}
