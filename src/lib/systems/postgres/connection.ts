import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Client } from 'pg'
import { endAfter } from '../../clock.ts'
import { placeOf } from '../place.ts'
import type { PasswordPlace } from './psql-line.ts'
import { isServers, troubleOf } from './trouble.ts'
import type { Application, PostgresTarget } from './types.ts'

export interface PostgresOptions {
  /** Looks up where the application's database is and as whom; asked once. */
  readonly application: () => Promise<Application>
  /** Where an operator finds the password, for the shell lines. */
  readonly passwordOf?: PasswordPlace
  /** Where names live, as libpq's hostaddr: "127.0.0.1" or "127.0.0.1:6543". TLS still verifies the name. */
  readonly hostaddr?: Readonly<Record<string, string>>
  /** A PEM file besides the public authorities. */
  readonly caFile?: string
  /** For TCP, TLS and login together, and for each query: milliseconds. The first leaves a diagnosis, which ends in ten seconds, the time to find out where the database is. */
  readonly connectTimeout?: number
  readonly queryTimeout?: number
  /** For everything that one look asks: milliseconds of waiting. */
  readonly lookTimeout?: number
  readonly signal?: AbortSignal
}

export interface Connection {
  readonly client: Client
  readonly connectMs: number
  readonly tls: { readonly protocol: string; readonly validTo: string }
  /** `timeout`: milliseconds, instead of the connection's own. */
  query<R extends object>(sql: string, values?: readonly unknown[], timeout?: number): Promise<readonly R[]>
  /** Statements in a read-only transaction with local timeouts: through a pooler nothing leaks to the next borrower. */
  reading<T>(read: (connection: Connection) => Promise<T>): Promise<T>
  /** The same for what is asked without waiting in between: all of it is sent when this returns, and whoever is next can send behind it. */
  atOnce<T>(read: (connection: Connection) => Promise<T>): Promise<T>
  close(): Promise<void>
  /** Ends it without a word: what is still asked over it fails. */
  drop(): void
}

/** Opens one verified TLS connection; no startup parameter that a pooler refuses. Throws `Unreachable`. */
export const openConnection = async (target: PostgresTarget, options: Omit<PostgresOptions, 'application'>): Promise<Connection> => {
  const { Client } = await import('./client.ts')
  const { connectTimeout = 5_000, queryTimeout = 9_000 } = options
  const place = placeOf(target.host, target.port, options.hostaddr)
  const ca =
    options.caFile === undefined
      ? undefined
      : await readFile(options.caFile, 'utf8').catch((error) => Promise.reject(troubleOf(error, target)))
  const socket = new Socket()
  const client = new Client({
    host: place.host,
    port: place.port,
    user: target.user,
    database: target.database,
    password: target.password.reveal(),
    application_name: 'honeydue',
    query_timeout: queryTimeout,
    // What belongs together is sent together: over a line with 0.8 s there and back a report would take half a minute.
    pipeline: true,
    // Our own socket, so that an abort or a timeout can end it in every state of the handshake.
    stream: () => socket,
    ssl: { servername: target.host, rejectUnauthorized: true, ...(ca !== undefined && { ca }) },
  })
  let lost: unknown
  client.on('error', (error) => {
    lost ??= error
  })
  const limit = endAfter(connectTimeout)
  const end = () => socket.destroy(limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : undefined)
  limit.addEventListener('abort', end)
  options.signal?.addEventListener('abort', end)
  const began = performance.now()
  try {
    options.signal?.throwIfAborted()
    await client.connect()
  } catch (error) {
    options.signal?.removeEventListener('abort', end)
    socket.destroy()
    if (options.signal?.aborted) throw options.signal.reason
    // What the server said of its own stands before how the connection ended.
    const first = isServers(error) ? error : (lost ?? error)
    throw troubleOf(limit.aborted ? Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }) : first, target, {
      login: true,
      timeout: connectTimeout,
    })
  } finally {
    limit.removeEventListener('abort', end)
  }
  const connectMs = performance.now() - began
  const tls = (client as unknown as { readonly connection: { readonly stream: TLSSocket } }).connection.stream
  let rolledBack: Promise<void> | undefined
  // Its answer comes before that of the first question, and is waited for with it.
  const begin = (): Promise<unknown> => {
    const begun = connection.query(
      `BEGIN READ ONLY; SELECT set_config('statement_timeout', '${queryTimeout - 1000}', true), set_config('lock_timeout', '3000', true)`,
    )
    begun.catch(() => {})
    return begun
  }
  // Whatever is asked next is answered after it.
  const rollBack = (): void => {
    rolledBack = connection.query('ROLLBACK').then(
      () => {},
      () => void socket.destroy(),
    )
  }
  const connection: Connection = {
    client,
    connectMs,
    tls: { protocol: tls.getProtocol() ?? 'none', validTo: tls.getPeerCertificate().valid_to },
    async query<R extends object>(sql: string, values: readonly unknown[] = [], timeout = queryTimeout) {
      try {
        const asked = { text: sql, values: [...values], query_timeout: timeout }
        return (await client.query<R & Record<string, unknown>>(asked)).rows
      } catch (error) {
        if (options.signal?.aborted) throw options.signal.reason
        throw troubleOf(error, target, { timeout })
      }
    },
    async reading(read) {
      const begun = begin()
      try {
        const found = await read(connection)
        await begun
        return found
      } catch (error) {
        await begun
        throw error
      } finally {
        rollBack()
      }
    },
    async atOnce(read) {
      const begun = begin()
      const found = read(connection)
      found.catch(() => {})
      rollBack()
      await begun
      return found
    },
    async close() {
      options.signal?.removeEventListener('abort', end)
      // A pooler throws a connection away that is left within a transaction.
      await rolledBack
      await client.end().catch(() => {})
      socket.destroy()
    },
    drop: () => void socket.destroy(),
  }
  return connection
}
