import { minutes } from '../../clock.ts'
import { counted } from '../../counted.ts'
import { feltBy } from '../../facts/db/felt.ts'
import { failedIndexes } from '../../facts/db/invalid-indexes.ts'
import { gatherRunners, jobName } from '../../facts/db/migrate-job.ts'
import { sizeText } from '../../facts/db/statements.ts'
import { every, type Finding, fails, holds, hopeless, when } from '../../plan/finding.ts'
import type { Change, Difference, Step } from '../../plan/procedure.ts'
import { both } from '../../plan/shown.ts'
import type { Readers } from '../../systems/systems.ts'
import { type MigrateFacts, manifestFile } from './migrate-facts.ts'
import { lastOf, recovery, resumable } from './migrate-refusals.ts'

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
  shows: (prove) => prove.kube.another({ kind: 'Job', namespace, name: jobName, uid: job.uid }),
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
