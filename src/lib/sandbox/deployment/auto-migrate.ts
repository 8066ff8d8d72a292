import type { Client } from 'pg'
import { cut } from '../../postgres-server/goose.ts'
import type { ContainerRun } from '../kubernetes/types.ts'
import { connectAsPod, type Reachable } from '../postgres/pod-connection.ts'

/** The real key is in no source; nothing outside the sandbox may rely on this one. */
export const lockKey = 20_260_424

/**
 * MigrateWithLock of the images before goose: a session's advisory lock over whatever endpoint DB_HOST names. Through the pooler it stays with
 * a server connection when the session goes, and the next pod hangs here until its startup probe ends it (30966c6).
 */
export const autoMigrate = async (postgres: Reachable, { env, log, ready, signal }: ContainerRun): Promise<void> => {
  ready(false)
  log('Acquiring migration advisory lock...')
  const client = await connectAsPod(postgres, { host: env.DB_HOST ?? '', env, application: 'honeydue-api' }).catch(() => undefined)
  if (!client) return
  if (signal.aborted) return client.end().catch(() => {})
  const stop = () => cut(client)
  signal.addEventListener('abort', stop, { once: true })
  await lockAndUnlock(client).catch(() => {})
  signal.removeEventListener('abort', stop)
  await client.end().catch(() => {})
}

const lockAndUnlock = async (client: Client): Promise<void> => {
  await client.query('SELECT pg_advisory_lock($1)', [lockKey])
  await client.query('SELECT pg_advisory_unlock($1)', [lockKey])
}
