import type { Readers } from '../../systems/systems.ts'

/** The Jobs of the namespace that migrate the database now, by name. */
export const migratingJobs = async ({ kube }: Readers<'kube'>, namespace: string): Promise<readonly string[]> =>
  (await kube.list('Job', { namespace }))
    .filter(
      ({ metadata, status }) => metadata.name.includes('migrat') && ((status as { readonly active?: number } | undefined)?.active ?? 0) > 0,
    )
    .map(({ metadata }) => metadata.name)
