import { runningStatements } from '../../facts/db/running-statements.ts'
import { differencesOf, differenceText, type SchemaDifference } from '../../facts/db/schema-difference.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Change } from '../../plan/procedure.ts'
import type { Readers } from '../../systems/systems.ts'
import type { MigrateFacts } from './migrate-facts.ts'

/** What the live schema and the baseline differ in; `failure`: why the baseline could not be built to compare with. */
export interface Baseline {
  readonly differences: readonly SchemaDifference[]
  readonly failure: string | undefined
}

/** Compares a schema that no version vouches for with what the image's first file builds; no differences where there is nothing to compare. */
export const gatherBaseline = async (
  { files = [], state, target }: MigrateFacts,
  { postgres, scratch }: Readers<'postgres' | 'scratch'>,
): Promise<Baseline> => {
  const [first] = files
  if (first === undefined || state.era === 'goose' || state.era === 'empty') return { differences: [], failure: undefined }
  const [live, built] = await Promise.all([postgres.schema(target), scratch.build([first], target.user)])
  // Rights and comments that the database has besides: its host gives some, and they are in nobody's way.
  const differences = differencesOf(live, built.schema).filter(
    ({ what, there }) => there !== undefined || !/^(grant|owner|comment) /.test(what),
  )
  return { differences, failure: built.failure }
}

/** Each difference as a sentence, or why there is nothing to compare with. */
export const differencesIn = ({ files, differences, failure }: MigrateFacts & Baseline): readonly string[] => {
  const name = files?.[0]?.name ?? 'the baseline'
  if (failure !== undefined) return [`${name} does not run on an empty database: ${failure}`]
  return differences.map((one) => differenceText(one, ['the database', name]))
}

/** Records the first file as applied; refused where the schema is not what it builds. `fits`: what else must hold. */
export const markBaseline = (facts: MigrateFacts & Baseline, fits: Finding = holds): Change<'postgres'> => {
  const { target, versions, files, image, alive, sessions, noGit } = facts
  const [first] = files ?? []
  const version = first?.version ?? 1n
  return {
    title: `Mark ${first?.name ?? 'the baseline'} as applied`,
    effect: [
      {
        what: 'goose_db_version',
        before: versions.exists ? 'no version' : 'no such table',
        after: `version ${version}, nothing of the file is run`,
      },
    ],
    check: async () =>
      every([
        fits,
        when(
          first !== undefined,
          noGit?.failed ?? `${image} has no migrations: --image names one that has`,
          'honeydue runbook:show db:bootstrap-goose',
        ),
        ...differencesIn(facts).map((because) => fails(because)),
        ...alive.map(({ pod }) => fails(`pod ${pod} runs migrations`)),
        ...runningStatements(sessions, files ?? []).map(({ session, file }) => fails(`backend ${session.pid} runs a statement of ${file}`)),
      ]),
    apply: (write) => write.postgres.markVersions(target, [version], versions.schema),
    verify: async (look) => {
      const { applied } = await look.postgres.versions(target)
      return when(
        applied.some((one) => one.version === version),
        `version ${version} is not marked`,
      )
    },
    shows: (prove) => prove.postgres.applied(target, [version], versions.schema),
    undo: { impossible: 'the application starts by this table from now on; by hand it goes with DROP TABLE goose_db_version' },
  }
}
