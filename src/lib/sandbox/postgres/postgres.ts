import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { Server } from '../../postgres-server/server.ts'
import { freshServers, type Servers } from '../../postgres-server/servers.ts'
import { database, layDatabase, owner } from '../../postgres-server/template.ts'
import { type Behaviour, type EndpointName, startFront } from './front.ts'
import { type ApplicationConnections, podConnections } from './pod-connections.ts'
import { type Pooler, startPooler } from './pooler.ts'
import type { Release } from './pooler-release.ts'
import { credentialsOf, keysFor } from './scram.ts'

export const directHost = 'ep-floral-truth-amttbc5a.c-5.us-east-1.aws.neon.tech'
export const poolerHost = 'ep-floral-truth-amttbc5a-pooler.c-5.us-east-1.aws.neon.tech'

export interface PostgresOptions {
  readonly authority: {
    readonly certificate: string
    issue(wanted: { readonly commonName: string; readonly names?: readonly string[] }): {
      readonly certificate: string
      readonly key: string
    }
  }
  readonly password?: string
  readonly port?: number
  /** Of the pooler (default: 1.24). */
  readonly poolerRelease?: Release
  readonly poolSize?: number
  /** Where PostgreSQL comes from; a fresh one by default. */
  readonly servers?: Servers
}

export interface PostgresSandbox {
  /** 127.0.0.1, for both hosts. */
  readonly port: number
  /** Of 127.0.0.1, where a host's endpoint is. */
  portOf(host: string): number
  readonly directHost: string
  readonly poolerHost: string
  readonly user: string
  readonly database: string
  readonly password: string
  /** The certificate that verifies both hosts, PEM. */
  readonly ca: string
  readonly running: boolean
  /** Starts PostgreSQL now instead of at the first connection (about 0.3 s). */
  start(): Promise<void>
  /** One statement as the superuser. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  behave(endpoint: EndpointName, behaviour: Behaviour): void
  /** Ends the pooler's idle server connections. */
  recyclePooler(): void
  /** The connections of one pod (`application`: its application_name). While PostgreSQL sleeps they are only noted, and opened when it starts. */
  openApplicationConnections(wanted: {
    readonly host: string
    readonly database?: string | undefined
    readonly application: string
    readonly pod?: string | undefined
    /** The one that it began with, where nothing is said. */
    readonly password?: string | undefined
    readonly count: number
  }): Promise<ApplicationConnections>
  /** One statement over a connection of this pod's own. Rejects where it has none, and can open none. */
  askAs(pod: string): Promise<void>
  /** Ends what these pods hold idle, as the longest life of a connection does: each opens others when it needs them. */
  endPools(pods: readonly string[]): void
  /** Whether the role's password is this one now. */
  accepts(password: string): Promise<boolean>
  /** Whether goose keeps the schema: its table is there. Nobody can have taken it away while PostgreSQL sleeps. */
  hasVersions(): Promise<boolean>
  /** The database, the password and the endpoints as they were at first; every connection is ended. */
  reset(): Promise<void>
  stop(): Promise<void>
}

interface Running {
  readonly server: Server
  readonly pooler: Pooler
  readonly poolerPath: string
}

/** Neon's two endpoints before a real PostgreSQL, which starts at first use; itself up in a few milliseconds. */
export const startPostgres = async (options: PostgresOptions): Promise<PostgresSandbox> => {
  const { servers = freshServers } = options
  const password = options.password ?? `npg_${randomBytes(9).toString('hex')}`
  const credentials = credentialsOf(password)
  const verifier = async (): Promise<string> => (await running?.pooler.storedOf(owner)) ?? credentials.verifier
  let starting: Promise<Running> | undefined
  let running: Running | undefined
  let stopped = false
  /** Where the write-ahead log stood when the database was as new: while it stands there, nothing was written. */
  let clean = ''

  const begin = async (): Promise<Running> => {
    const server = await servers.take()
    const { admin } = server
    await admin.query(`ALTER ROLE ${owner} PASSWORD '${credentials.verifier}'`)
    clean = await positionOf(admin)
    const poolerPath = join(server.folder, 'pooler')
    const pooler = await startPooler({
      path: poolerPath,
      serverPort: server.port,
      admin,
      poolSize: options.poolSize ?? 10,
      release: options.poolerRelease ?? '1.24',
    })
    running = { server, pooler, poolerPath }
    await pods.open()
    return running
  }
  /** The superuser's connection to the database, kept until something ends it: a backend costs more than most of what is asked. */
  let asking: Promise<Client> | undefined
  const ask = async (): Promise<Client> => {
    const { server } = await ensure()
    const client = await server.connect(database)
    return client.once('end', () => {
      asking = undefined
    })
  }
  const ensure = (): Promise<Running> => {
    if (stopped) return Promise.reject(new Error('the sandbox has ended'))
    starting ??= begin()
    return starting
  }

  const issued = options.authority.issue({ commonName: directHost, names: [directHost, poolerHost] })
  const front = await startFront({
    ...issued,
    ...(options.port !== undefined && { port: options.port }),
    names: { [directHost]: 'direct', [poolerHost]: 'pooler' },
    backend: async (endpoint) => {
      // While the pods' connections are opened it runs already, though `ensure` still waits for them.
      const { server, poolerPath } = running ?? (await ensure())
      return endpoint === 'direct' ? join(server.folder, `.s.PGSQL.${server.port}`) : poolerPath
    },
    cancel: (packet) => {
      running?.pooler.cancel(packet)
    },
  })

  const pods = podConnections({
    at: (endpoint) => {
      if (!running || front.behaviour(endpoint).answer !== 'normal') return undefined
      return endpoint === 'direct' ? join(running.server.folder, `.s.PGSQL.${running.server.port}`) : running.poolerPath
    },
    verifier,
  })
  const behave = (endpoint: EndpointName, behaviour: Behaviour): void => {
    front.behave(endpoint, behaviour)
    if (behaviour.answer !== 'normal') pods.close(endpoint)
  }

  return {
    port: front.port,
    portOf: () => front.port,
    directHost,
    poolerHost,
    user: owner,
    database,
    password,
    ca: options.authority.certificate,
    get running() {
      return running !== undefined
    },
    start: async () => void (await ensure()),
    behave,
    recyclePooler: () => running?.pooler.recycle(),
    query: async (sql, values = []) => {
      asking ??= ask().catch((error) => {
        asking = undefined
        throw error
      })
      return (await (await asking).query<Record<string, unknown>>(sql, [...values])).rows
    },
    askAs: pods.ask,
    endPools: pods.end,
    accepts: async (password) => keysFor(password, await verifier()) !== undefined,
    async openApplicationConnections({ host, database: wanted = database, application, pod, password: own = password, count }) {
      const name = host === directHost ? 'direct' : host === poolerHost ? 'pooler' : undefined
      if (!name || front.behaviour(name).answer !== 'normal') return { reachable: false, close: async () => {} }
      if (wanted !== database)
        return { reachable: false, refused: `FATAL: database "${wanted}" does not exist (SQLSTATE 3D000)`, close: async () => {} }
      return pods.enter({ endpoint: name, pod, application, password: own, count })
    },
    async hasVersions() {
      if (!running) return true
      const client = await running.server.connect(database).catch(() => undefined)
      client?.on('error', () => {})
      const found = await client
        ?.query<{ there: boolean }>("SELECT to_regclass('public.goose_db_version') IS NOT NULL AS there")
        .catch(() => {})
      await client?.end().catch(() => {})
      return found?.rows[0]?.there ?? true
    },
    async reset() {
      front.behave('direct', { answer: 'normal' })
      front.behave('pooler', { answer: 'normal' })
      if (!starting) return
      const { server, pooler } = await ensure()
      const { admin } = server
      pods.close()
      await close(asking)
      front.cut()
      pooler.recycle()
      await ended(admin)
      if ((await positionOf(admin)) !== clean) {
        await layDatabase(admin)
        await admin.query(`ALTER ROLE ${owner} PASSWORD '${credentials.verifier}'`)
        clean = await positionOf(admin)
      }
      await pods.open()
    },
    async stop() {
      stopped = true
      await front.stop()
      const last = await starting?.catch(() => undefined)
      if (!last) return
      await last.pooler.stop()
      await close(asking)
      await servers.leave(last.server)
    },
  }
}

const close = async (client: Promise<Client> | undefined): Promise<void> => {
  await (await client?.catch(() => undefined))?.end().catch(() => {})
}

const positionOf = async (admin: Client): Promise<string> => {
  const { rows } = await admin.query<{ position: string }>('SELECT pg_current_wal_insert_lsn()::text AS position')
  return rows[0]?.position ?? ''
}

/** Ends every other session and waits until it has: their transactions roll back before we look. */
const ended = async (admin: Client): Promise<void> => {
  const others = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
  for (let round = 0; round < 1000; round++) {
    const { rowCount } = await admin.query(`SELECT pg_terminate_backend(pid) ${others}`)
    if (rowCount === 0) return
    await sleep(3)
  }
}
