import { type Finding, when } from '../../plan/finding.ts'
import type { Readers } from '../../systems/systems.ts'

/** The Jobs of the namespace that migrate the database now, by name. */
export const migratingJobs = async ({ kube }: Readers<'kube'>, namespace: string): Promise<readonly string[]> =>
  (await kube.list('Job', { namespace }))
    .filter(
      ({ metadata, status }) => metadata.name.includes('migrat') && ((status as { readonly active?: number } | undefined)?.active ?? 0) > 0,
    )
    .map(({ metadata }) => metadata.name)

/** None of these Jobs runs: nothing else may change the schema, or restart what reads it, beside one. */
export const noneMigrates = (jobs: readonly string[]): Finding =>
  when(jobs.length === 0, `a migration is running: Job ${jobs.join(', ')}`, 'honeydue db:migrations')
