import { optionalText } from '../../plan/choice.ts'
import { every, fails, holds, when } from '../../plan/finding.ts'
import { type Change, defineProcedure } from '../../plan/procedure.ts'
import { differencesOf, differenceText, type SchemaDifference } from '../../reports/db/schema-difference.ts'
import { runningStatements } from '../../reports/db/statements.ts'
import { gatherMigrate, type MigrateFacts } from './migrate-facts.ts'
import { migrateSteps, standing, unasked } from './migrate-steps.ts'

/** What the live schema and the baseline differ in; `failure`: why the baseline could not be built to compare with. */
export interface BootstrapFacts extends MigrateFacts {
  readonly differences: readonly SchemaDifference[]
  readonly failure: string | undefined
}

/** §28: an empty database is migrated from its start; a schema that no version vouches for is compared with the baseline, and marked. */
export const bootstrapGoose = defineProcedure({
  id: 'db:bootstrap-goose',
  section: 28,
  title: 'Bootstrap goose on a schema without a version',
  needs: ['kube', 'postgres', 'checkout', 'registry', 'scratch'],
  choices: {
    image: optionalText({ about: 'whose first file is the baseline (default: the live api image)' }),
  },
  risk: () => 'irreversible',
  gather: async ({ image }, look, { environment }): Promise<BootstrapFacts> => {
    const facts = await gatherMigrate(look, environment.namespace, image)
    const [baseline] = facts.files ?? []
    if (baseline === undefined || facts.state.era === 'goose' || facts.state.era === 'empty')
      return { ...facts, differences: [], failure: undefined }
    const [live, built] = await Promise.all([look.postgres.schema(facts.target), look.scratch.build([baseline])])
    return { ...facts, differences: differencesOf(live, built.schema), failure: built.failure }
  },
  subject: ({ target }) => target.database,
  target: ({ target, versions, state, image }) => [
    `database ${target.database} on ${target.host}: ${versions.tables} tables, ${state.era === 'goose' ? `version ${state.current}` : 'no version'}`,
    `image ${image}`,
  ],
  beyond: (facts) => {
    const { state, differences } = facts
    if (state.era === 'empty') return unasked(facts)
    return state.era === 'goose' || differences.length > 0
      ? []
      : ['The comparison is of objects: whether rows that the baseline inserts are there is not looked at']
  },
  steps: (facts) => {
    if (facts.state.era === 'goose') return []
    return facts.state.era === 'empty' ? migrateSteps(facts, standing(facts)) : [markBaseline(facts)]
  },
})

const markBaseline = (facts: BootstrapFacts): Change<'postgres'> => {
  const { target, versions, files, image, differences, failure, alive, sessions, noGit } = facts
  const [baseline] = files ?? []
  const version = baseline?.version ?? 1
  return {
    title: `Mark ${baseline?.name ?? 'the baseline'} as applied`,
    effect: [
      {
        what: 'goose_db_version',
        before: versions.exists ? 'no version' : 'no such table',
        after: `version ${version}, nothing of the file is run`,
      },
    ],
    check: async () =>
      every([
        when(baseline !== undefined, noGit?.failed ?? `${image} has no migrations: --image names one that has`),
        failure === undefined ? holds : fails(`${baseline?.name} does not run on an empty database: ${failure}`),
        ...differences.map((one) => fails(differenceText(one, ['the database', baseline?.name ?? 'the baseline']))),
        ...alive.map(({ pod }) => fails(`pod ${pod} runs migrations`)),
        ...runningStatements(sessions, files ?? []).map(({ session, file }) => fails(`backend ${session.pid} runs a statement of ${file}`)),
      ]),
    apply: (write) => write.postgres.markVersions(target, [version]),
    verify: async (look) => {
      const { applied } = await look.postgres.versions(target)
      return when(
        applied.some((one) => one.version === version),
        `version ${version} is not marked`,
      )
    },
    undo: { impossible: 'the application starts by this table from now on; by hand it goes with DROP TABLE goose_db_version' },
  }
}
