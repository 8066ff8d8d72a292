import { instantOf } from '../../facts/db/migration-state.ts'
import { every, when } from '../../plan/finding.ts'
import type { Step } from '../../plan/procedure.ts'
import { sh } from '../../shell.ts'
import type { RecoverFacts } from './diagnosis.ts'

/**
 * What a person does in Neon's console, branch first, and the look that it was done. The time is the Job's start: Kubernetes keeps it to the
 * second and cuts the rest off, so it lies before goose's first statement.
 */
export const restoreSteps = (facts: RecoverFacts): readonly Step<'postgres'>[] => {
  const { target, versions, namespace, job } = facts
  const before = versions.applied.filter(({ at }) => job?.startedAt === undefined || instantOf(at) < Date.parse(job.startedAt))
  const then = before.at(-1)?.version ?? 0
  const at = timeOf(facts)
  return [
    {
      title: 'A branch of production holds the state from before',
      ask: `In Neon's console, create a branch of "production" at ${at}. Its history reaches back one day unless it was set longer, seven at most. In the branch, look at what is to come back and at goose_db_version, which must say ${then}. Is it so?`,
    },
    {
      title: 'Nothing writes to the database any more',
      ask: `What is written until the restore is lost with the rest: kubectl -n ${namespace} scale deploy/api deploy/worker --replicas=0 stops it, and the application with it. Is it stopped, or may those writes be lost?`,
    },
    {
      title: 'The branch "production" is restored',
      ask: [
        `Restore "production" to ${at}. What this rewinds: every database of the branch, ${target.database} among them, with every row that anybody wrote since;`,
        `goose_db_version with it, from ${versions.applied.at(-1)?.version ?? 0} to ${then}. What it does not rewind: Redis, where asynq takes jobs that ran since for done, and caches hold rows that are gone;`,
        'objects in B2 whose rows are gone; mails and pushes that went out. It cuts every connection. Is it done?',
      ].join(' '),
    },
    {
      title: 'The database is as it was before the migration',
      onlyAfterwards: true,
      shows: () => ({ lines: [sh`see ${`goose_db_version says ${then}, and nothing of a later version is there`}`] }),
      holds: async (look) => {
        const now = await look.postgres.versions(target)
        const there = new Set((await look.postgres.schema(target)).map(({ kind, name }) => `${kind} ${name}`))
        const left = (facts.progress?.there ?? []).filter((what) => there.has(what.replace(/ of \S+$/, '')))
        const later = now.applied.filter(({ version }) => !before.some((one) => one.version === version)).map(({ version }) => version)
        return every([
          when(later.length === 0, `version ${later.join(', ')} is applied`),
          when(left.length === 0, `${left.join(', ')} is there`),
        ])
      },
    },
  ]
}

/** What to type in Neon's console. */
const timeOf = ({ job, versions, namespace }: RecoverFacts): string => {
  if (job?.startedAt !== undefined) return `${job.startedAt.slice(0, 19).replace('T', ' ')} UTC, when the Job began`
  const last = [...versions.applied].sort((a, b) => a.at.localeCompare(b.at)).at(-1)
  const since = last === undefined ? '' : ` after ${last.at.slice(0, 19)} UTC, when version ${last.version} was applied, and`
  return `a time${since} before the migration's pod started (its Job is gone; kubectl -n ${namespace} get events -o wide shows pods of the last hour)`
}
