import { minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { reasonOf } from '../../errors.ts'
import { feltBy } from '../../facts/db/felt.ts'
import { failedIndexes, indexesInWork } from '../../facts/db/invalid-indexes.ts'
import { whole } from '../../facts/db/measured.ts'
import { gatherRunners, jobName } from '../../facts/db/migrate-job.ts'
import { runningStatements } from '../../facts/db/running-statements.ts'
import { holdsSnapshot, oldSnapshots, waitsForSnapshots } from '../../facts/db/snapshots.ts'
import { sizeText } from '../../facts/db/statements.ts'
import { every, type Finding, fails, holds, hopeless, when } from '../../plan/finding.ts'
import type { Change, Difference, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import { type MigrateFacts, manifestFile } from './migrate-facts.ts'

type Needs = 'kube' | 'postgres' | 'checkout'

/** The steps that take the database to the image's last version; none where nothing is pending. `check`: what must hold before any of them. */
export const migrateSteps = (facts: MigrateFacts, check: Finding): readonly Step<Needs>[] => {
  const { state, job } = facts
  if (state.pending.length === 0) return check.ok ? [] : [{ title: 'Nothing speaks against this image', holds: async () => check }]
  return [
    {
      title: 'The database is reached directly',
      holds: (look) => reachedDirectly(facts, look),
      shows: (prove) => prove.postgres.direct(facts.target),
    },
    ...(job === undefined || resumable(facts) ? [] : [removeJob(facts, job, check)]),
    runJob(facts, check),
  ]
}

/** A Job of ours that still runs, with this image: a run that was interrupted goes on with it. */
const resumable = ({ job, image, state }: MigrateFacts): boolean =>
  job?.outcome === 'running' &&
  job.stuck === undefined &&
  job.image === image &&
  job.migratesTo !== undefined &&
  (state.pending.length === 0 || job.migratesTo === lastOf(state.pending))

const lastOf = (pending: MigrateFacts['state']['pending']): bigint => pending.at(-1)?.version ?? 0n

const reachedDirectly = async ({ target }: MigrateFacts, look: Readers<Needs>): Promise<Finding> => {
  const here = await look.postgres.endpoint(target)
  if (!here.reachable) return fails(here.trouble.failed)
  return every([when(!here.pooled, `${target.host} answers as a pooler`), when(!here.readOnly, `${target.host} is read-only`)])
}

const removeJob = ({ namespace }: MigrateFacts, job: NonNullable<MigrateFacts['job']>, check: Finding): Change<Needs> => ({
  title: `Remove the old Job ${jobName} and its pod`,
  effect: [{ what: `Job ${jobName}`, before: `${job.outcome}, ${job.image}`, after: 'gone, and its log with it' }],
  check: async () => check,
  apply: (write) => write.kube.removeJob({ namespace, name: jobName, uid: job.uid }),
  verify: async (look) => {
    const now = await gatherRunners(look.kube, namespace)
    return when(now.job?.uid !== job.uid && now.alive.every(({ orphan }) => !orphan), 'the Job or its pod is still there')
  },
  shows: (prove) => prove.kube.otherJob({ namespace, name: jobName, uid: job.uid }),
  undo: { impossible: 'a Job that is gone does not come back; what it applied stands in goose_db_version' },
})

const runJob = (facts: MigrateFacts, check: Finding): Change<Needs> => {
  const { namespace, manifest, image, state } = facts
  const to = lastOf(state.pending)
  const count = state.pending.length
  return {
    title: `Run ${counted(count, 'migration')} to version ${to}`,
    effect: [
      { what: 'goose_db_version', before: String(state.current), after: String(to) },
      ...facts.statements.map(
        (statement): Difference => ({
          what: `${statement.file.replace(/_.*/, '')}: ${statement.text}`,
          before: 'not run',
          after: `run: ${feltBy(statement)}`,
          ...(statement.size && { note: `${statement.size.table} has ${sizeText(statement.size)}` }),
        }),
      ),
    ],
    unknown: 'how long each statement takes, and whether the rows that are there let it succeed',
    check: async () => check,
    apply: async (write) => {
      if (!manifest.usable || resumable(facts)) return
      const { object, container } = manifest
      await write.kube.runJob({ namespace, name: jobName, manifest: object, file: manifestFile, container, image, migratesTo: to })
    },
    verify: (look) => hasRun(facts, look),
    within: minutes(10),
    shows: (prove) => {
      const { versions, target, invalid } = facts
      return both(
        prove.postgres.applied(
          target,
          state.pending.map(({ version }) => version),
          versions.schema,
        ),
        prove.postgres.noOtherInvalid(
          target,
          invalid.map(({ name }) => name),
        ),
      )
    },
    undo: {
      impossible:
        'a migration is not run backwards; what a statement destroyed comes back only from a restore point or the history at Neon',
    },
  }
}

const hasRun = async (
  { target, state, namespace, image, versions: applied, invalid: before }: MigrateFacts,
  look: Readers<Needs>,
): Promise<Finding> => {
  const [versions, invalid, { job, alive }] = await Promise.all([
    look.postgres.versions(target),
    look.postgres.invalidIndexes(target),
    gatherRunners(look.kube, namespace),
  ])
  const known = new Set([...applied.applied, ...state.pending].map(({ version }) => version))
  const open = state.pending.filter(({ version }) => !versions.applied.some((one) => one.version === version))
  const strange = versions.applied.filter(({ version }) => !known.has(version)).map(({ version }) => version)
  if (strange.length > 0)
    return hopeless(
      `version ${strange.join(', ')} was applied, and git has no such file at the tag of ${image}: the image was built of other files`,
    )
  if (job?.outcome === 'failed') return hopeless(job.failure?.text ?? 'the Job failed, and goose logged no error', recovery)
  if (open.length === 0) {
    const left = failedIndexes(invalid)
      .filter(({ name }) => !before.some((one) => one.name === name))
      .map(({ name }) => name)
    if (left.length > 0) return hopeless(`goose succeeded, but index ${left.join(', ')} is invalid`, recovery)
    return alive.length === 0 ? holds : fails('its pod has not ended')
  }
  if (job?.stuck !== undefined) return hopeless(`its pod does not start: ${job.stuck}`, recovery)
  return fails(`${open[0]?.name} has not run${job?.log.length ? `; the log says: ${job.log.at(-1)}` : ''}`)
}

const recovery = 'honeydue db:recover-migration --dry-run'

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
