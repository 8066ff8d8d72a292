import type { KubeObject, Program } from '../kubernetes/types.ts'
import { migrateProgram } from '../postgres/migrate-program.ts'
import type { Reachable } from '../postgres/pod-connection.ts'
import { application, type Database, warmupPings } from './application-program.ts'
import { autoMigrate } from './auto-migrate.ts'
import { image, tags } from './facts.ts'
import type { Images } from './images.ts'

/** The programs of honeyDue's images; an image that is not known keeps what its annotations say. */
export const programs =
  (database: Database & Reachable, images: Images, pings: number = warmupPings) =>
  (pod: KubeObject, container: string): Program | undefined => {
    if (pod.metadata.namespace !== 'honeydue') return undefined
    const runs = imageOf(pod, container)
    switch (pod.metadata.labels?.['app.kubernetes.io/name']) {
      case 'api':
        return async (run) => {
          if (runs === image('api', tags.autoMigrate)) await autoMigrate(database, run)
          return application(database, run, 'honeydue-api', 'api server listening on :8000', pings)
        }
      case 'worker':
        return (run) => application(database, run, 'honeydue-worker', 'asynq scheduler started', 2)
      case 'honeydue-migrate':
        return migrateProgram(database, async () => (await images.migrations(runs)) ?? [])
      default:
        return undefined
    }
  }

const imageOf = (pod: KubeObject, name: string): string => {
  const { containers = [] } = (pod.spec ?? {}) as { readonly containers?: readonly { readonly name: string; readonly image?: string }[] }
  return containers.find((container) => container.name === name)?.image ?? ''
}
