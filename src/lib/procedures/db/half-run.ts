import type { MigrationFile } from '../../facts/db/goose-file.ts'
import { differencesOf } from '../../facts/db/schema-difference.ts'
import { type Finding, fails, holds, when } from '../../plan/finding.ts'
import type { Step } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { Readers } from '../../systems/systems.ts'
import type { Progress, RecoverFacts } from './diagnosis.ts'

/** A file of which a part is there: somebody takes that away, and it is looked whether it is gone. */
export const halfThere = (facts: RecoverFacts, { version }: MigrationFile, progress: Progress): readonly Step<'postgres'>[] => {
  const { there, missing, undo } = progress
  return [
    {
      title: `What version ${version} left half done is gone`,
      ask: [
        `There: ${there.join(', ')}.${missing.length > 0 ? ` Not: ${missing.join(', ')}.` : ''}`,
        ...undo.words.map((word) => `${word}.`),
        ...(undo.statements.length > 0 ? ['What takes it away, with honeydue db:psql --write:', ...undo.statements] : []),
        'Is it gone?',
      ].join('\n'),
    },
    {
      title: `Nothing of version ${version} is there any more`,
      onlyAfterwards: true,
      shows: () => ({ lines: [sh`see ${`Nothing of this is there: ${there.join(', ')}`}`] }),
      holds: (look) => gone(facts, version, progress, look),
    },
  ]
}

const gone = async ({ target }: RecoverFacts, version: bigint, progress: Progress, look: Readers<'postgres'>): Promise<Finding> => {
  const [now, { applied }] = await Promise.all([look.postgres.schema(target), look.postgres.versions(target)])
  // Somebody may as well have brought it to its end.
  if (applied.some((one) => one.version === version)) return holds
  const before = new Set(differencesOf(progress.before, progress.after).flatMap(({ what, here }) => (here === undefined ? [what] : [])))
  const left = differencesOf(now, progress.before).filter(({ what }) => before.has(what) && progress.there.includes(what))
  return when(left.length === 0, `${left.map(({ what }) => what).join(', ')} is still there`)
}

/** What has not run, as a question, and a look whether its objects are there; nothing where everything is told by objects. */
export const completed = (facts: RecoverFacts, first: MigrationFile, fits: Finding): readonly Step<'postgres'>[] => {
  const { progress, target } = facts
  if (progress === undefined || (progress.built === 'all' && progress.told) || !fits.ok) return []
  const { rest, missing } = progress
  return [
    {
      title: `The rest of version ${first.version} is run`,
      ask: [
        rest.stopped === undefined || rest.stopped === 'somewhere'
          ? 'Which of these have run is not known. Look, and run what has not, with honeydue db:psql --write:'
          : `Statement ${rest.stopped} failed; these have not run. Change what it met, then run them with honeydue db:psql --write:`,
        ...rest.statements.map((one) => (/;\s*$/.test(one) ? one : `${one};`)),
        'Have they all run?',
      ].join('\n'),
    },
    {
      title: `Every object of ${first.name} is there`.slice(0, 60),
      onlyAfterwards: true,
      shows: () => ({ lines: [sh`see ${`All of this is there: ${missing.join(', ') || `what ${first.name} makes`}`}`] }),
      holds: async (look) => {
        const lacking = differencesOf(await look.postgres.schema(target), progress.after).filter(({ what }) => missing.includes(what))
        return lacking.length === 0 ? holds : fails(`${lacking.map(({ what }) => what).join(', ')} is not as the file makes it`)
      },
    },
  ]
}
