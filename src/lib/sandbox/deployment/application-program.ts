import type { ContainerRun } from '../kubernetes/types.ts'

/** How a program of the sandbox reaches the database: `startPostgres` gives it. */
export interface Database {
  openApplicationConnections(wanted: {
    readonly host: string
    /** By POSTGRES_DB; the deployment's where it is not said. */
    readonly database?: string | undefined
    readonly application: string
    readonly pod?: string | undefined
    /** By POSTGRES_PASSWORD; the one that the database began with where it is not said. */
    readonly password?: string | undefined
    readonly count: number
  }): Promise<{
    readonly reachable: boolean
    /** The server's own words, where it answered and refused. */
    readonly refused?: string
    close(): Promise<void>
  }>
  /** Whether goose keeps the schema: its table is there. */
  hasVersions?(): Promise<boolean>
}

/** database.Connect fires this many pings in parallel at boot (ch08). */
export const warmupPings = 20

/** Logs in to Redis, opens its pool, says so, and serves until it is stopped; without either it tries again. Resolves with the exit code. */
export async function application(
  database: Database,
  run: ContainerRun,
  { application, pod }: { readonly application: string; readonly pod: string },
  serving: string,
  count: number = warmupPings,
  cache: (password: string) => boolean = () => true,
  versioned = true,
): Promise<number> {
  const host = run.env.DB_HOST ?? ''
  run.ready(false)
  run.log(`${application} starting, database host ${host || 'not set'}`)
  for (let attempt = 1; !run.signal.aborted; attempt++) {
    const began = performance.now()
    if (!cache(run.env.REDIS_PASSWORD ?? '')) {
      run.log(`failed to log in to Redis (attempt ${attempt}): WRONGPASS`)
      await pause(Math.min(attempt * 250, 2000), run.signal)
      continue
    }
    const { POSTGRES_DB, POSTGRES_PASSWORD: password } = run.env
    const connections = await database.openApplicationConnections({ host, database: POSTGRES_DB, application, pod, password, count })
    if (connections.reachable && versioned && !run.adopted && (await database.hasVersions?.()) === false) {
      // RequireSchemaApplied (12b2f9d): what is built for goose does not start on a schema without its table.
      await connections.close()
      run.log('schema precondition failed: table goose_db_version does not exist')
      return 1
    }
    if (connections.reachable && !run.signal.aborted) {
      // The application's own words are not known: the sandbox's environment.yaml carries the pattern that reads these.
      run.log(`database pool warmed up: ${count} pings in ${Math.max(1, Math.round(performance.now() - began))} ms`)
      run.log(serving)
      run.ready(true)
      await aborted(run.signal)
    }
    await connections.close()
    if (run.signal.aborted) return 0
    run.log(`failed to connect to the database at ${host} (attempt ${attempt})${connections.refused ? `: ${connections.refused}` : ''}`)
    await pause(Math.min(attempt * 250, 2000), run.signal)
  }
  return 0
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
