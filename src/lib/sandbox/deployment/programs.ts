import type { KubeObject, Program } from '../kubernetes/types.ts'
import { migrateProgram } from '../postgres/migrate-program.ts'
import type { Reachable } from '../postgres/pod-connection.ts'
import { application, type Database, warmupPings } from './application-program.ts'
import { autoMigrate } from './auto-migrate.ts'
import { image, tags } from './facts.ts'
import type { Images, MigrationFile } from './images.ts'
import { type Agent, vmagent } from './vmagent-program.ts'

/** What the pods' programs work with. */
export interface ProgramOptions {
  readonly database: Database & Reachable
  readonly images: Images
  /** Connections that each api pod opens at its start. */
  readonly pings?: number | undefined
  /** A worker's pod of this name lives in the job queue until the signal. */
  readonly work?: (host: string, signal: AbortSignal) => void
  /** Whether Redis lets in who has this password; everybody where nothing is said. */
  readonly cache?: (password: string) => boolean
  /** A pod of the application began with this environment. */
  readonly began?: (pod: string, env: Readonly<Record<string, string>>) => void
  /** Redis' process starts with this password, and with the data of this claim. */
  readonly startCache?: (password: string, claim: string) => void
  /** What vmagent does; nothing where it is not said. */
  readonly agent?: Agent
  /** The program of the migration's Job, given the files of its image. */
  readonly migrate?: (files: () => Promise<readonly MigrationFile[]>) => Program
}

const begun = Date.now() - 60_000

/** The programs of honeyDue's images; an image that is not known keeps what its annotations say. */
export const programs =
  ({
    database,
    images,
    pings = warmupPings,
    work = () => {},
    began = () => {},
    cache,
    startCache = () => {},
    migrate = (files) => migrateProgram(database, files),
    agent = { begin() {}, push: () => true },
  }: ProgramOptions) =>
  (pod: KubeObject, container: string): Program | undefined => {
    if (pod.metadata.namespace !== 'honeydue') return undefined
    const runs = imageOf(pod, container)
    switch (pod.metadata.labels?.['app.kubernetes.io/name']) {
      case 'api':
        return async (run) => {
          began(pod.metadata.name, run.env)
          const old = runs === image('api', tags.autoMigrate)
          if (old) await autoMigrate(database, run)
          return application(
            database,
            run,
            { application: 'honeydue-api', pod: pod.metadata.name },
            'api server listening on :8000',
            pings,
            cache,
            !old,
          )
        }
      case 'worker':
        return async (run) => {
          began(pod.metadata.name, run.env)
          // A process that ends of itself is gone from the queue as one that is ended.
          const ended = new AbortController()
          work(pod.metadata.name, AbortSignal.any([run.signal, ended.signal]))
          const checks = runs !== image('worker', tags.autoMigrate)
          try {
            return await application(
              database,
              run,
              { application: 'honeydue-worker', pod: pod.metadata.name },
              'asynq scheduler started',
              2,
              cache,
              checks,
            )
          } finally {
            ended.abort()
          }
        }
      case 'redis':
        return async (run) => {
          // One that was there before this sandbox began runs already.
          if (Date.parse(pod.metadata.creationTimestamp ?? '') > begun) startCache(run.env.REDIS_PASSWORD ?? '', claimOf(pod))
          run.ready(true)
          await new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve(), { once: true }))
          return 0
        }
      case 'vmagent':
        return vmagent(agent)
      case 'honeydue-migrate':
        return migrate(async () => (await images.migrations(runs)) ?? [])
      default:
        return undefined
    }
  }

/** The paths that each server has: what is not here is a 404, as `/admin/` was of the admin panel (6f303db). */
const paths: Readonly<Record<string, readonly string[]>> = { api: ['/api/health/', '/metrics'], admin: ['/'], web: ['/'] }

/** The status of a GET that a probe sends to a pod of the deployment. */
export const answers = (pod: KubeObject, _container: string, path: string): number | undefined => {
  const known = pod.metadata.namespace === 'honeydue' ? paths[pod.metadata.labels?.['app.kubernetes.io/name'] ?? ''] : undefined
  return known && (known.includes(path) ? 200 : 404)
}

const claimOf = (pod: KubeObject): string => {
  const { volumes = [] } = (pod.spec ?? {}) as {
    readonly volumes?: readonly { readonly persistentVolumeClaim?: { readonly claimName: string } }[]
  }
  return volumes.flatMap(({ persistentVolumeClaim }) => persistentVolumeClaim?.claimName ?? [])[0] ?? ''
}

const imageOf = (pod: KubeObject, name: string): string => {
  const { containers = [] } = (pod.spec ?? {}) as { readonly containers?: readonly { readonly name: string; readonly image?: string }[] }
  return containers.find((container) => container.name === name)?.image ?? ''
}
