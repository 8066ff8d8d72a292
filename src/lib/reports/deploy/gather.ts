import type { Environment } from '../../environment/schema.ts'
import { type Answer, answer, valueOr } from '../../facts/answer.ts'
import { gatherMigrations, type MigrationFacts } from '../../facts/db/gather-migrations.ts'
import { migratingJobs } from '../../facts/db/migrating.ts'
import { readAutoscalers } from '../../facts/deploy/autoscaler.ts'
import { gatherReleases, type Release } from '../../facts/deploy/release.ts'
import type { ConfigMap, KubeObject } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What deploy:status is about. */
export interface DeployStatus {
  readonly releases: readonly Release[]
  readonly config: ConfigMap | undefined
  readonly autoscalers: readonly KubeObject[]
  readonly migrating: readonly string[]
  /** The schema against the migrations of the live api image. */
  readonly schema: Answer<MigrationFacts>
}

export const gatherDeployStatus = async (
  look: Readers<'kube' | 'registry' | 'checkout' | 'postgres'>,
  { namespace, database }: Environment,
): Promise<DeployStatus> => {
  const [releases, config, autoscalers, migrating, schema] = await Promise.all([
    gatherReleases(look, { namespace }),
    look.kube.get('ConfigMap', database.configMap, namespace),
    // Somebody added it where there is one: who may not list them is told nothing of it.
    readAutoscalers(look, namespace).then((read) => valueOr(read, [])),
    migratingJobs(look, namespace),
    answer(gatherMigrations(look, namespace)),
  ])
  return { releases, config, autoscalers, migrating, schema }
}
