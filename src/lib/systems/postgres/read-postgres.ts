import { Trouble } from '../../errors.ts'
import type { Surroundings } from '../../sql/surroundings.ts'
import { schemaObjects, tableSizes } from './catalog.ts'
import type { Connection } from './connection.ts'
import { layout, roles } from './layout.ts'
import { writingSettings, writtenBy } from './role-password.ts'
import { surroundings } from './surroundings.ts'
import type {
  AdvisoryLock,
  Capacity,
  EndpointFacts,
  InvalidIndex,
  Layout,
  OtherHolder,
  PostgresReader,
  PostgresTarget,
  SchemaObject,
  Session,
  TableSize,
  VersionTable,
} from './types.ts'

/** Runs `use` over the one kept connection to a target. */
export type Over = <T>(target: PostgresTarget, use: Use<T>, how?: How) => Promise<T>
export type Use<T> = (connection: Connection) => Promise<T>
export interface How {
  /** It sends all that it asks when it is called: the next caller sends behind it, and does not wait for its answer. */
  readonly atOnce?: true
}

const sessions = `
SELECT pid, backend_start::text AS "backendStart", application_name AS application, coalesce(usename, '') AS "user", coalesce(datname, '') AS database,
       host(client_addr) AS "clientAddress", coalesce(state, 'unknown') AS state, nullif(concat_ws(': ', wait_event_type, wait_event), '') AS wait,
       extract(epoch FROM clock_timestamp() - backend_start)::float8 AS "backendAge", extract(epoch FROM clock_timestamp() - xact_start)::float8 AS "transactionAge",
       coalesce(extract(epoch FROM clock_timestamp() - state_change)::float8, 0) AS "stateAge", left(query, 2000) AS query,
       CASE WHEN wait_event_type = 'Lock' THEN pg_blocking_pids(pid) ELSE '{}' END AS "blockedBy", backend_xid IS NOT NULL AND xact_start < query_start AS wrote, backend_xmin IS NOT NULL AS snapshot
  FROM pg_stat_activity
 WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND datname = current_database()
 ORDER BY backend_start, pid`

const databases = `
SELECT datname::text AS name FROM pg_database
 WHERE datallowconn AND NOT datistemplate AND has_database_privilege(oid, 'CONNECT') ORDER BY 1`

/** `reserved_connections` came with PostgreSQL 16. */
const capacity = `
WITH clients AS (SELECT usesysid, datid FROM pg_stat_activity WHERE backend_type = 'client backend')
SELECT (SELECT count(*)::int FROM clients) AS open, current_setting('max_connections')::int AS max,
       current_setting('superuser_reserved_connections')::int + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
       (SELECT json_build_object('open', (SELECT count(*) FROM clients WHERE usesysid = r.oid), 'max', r.rolconnlimit) FROM pg_roles r WHERE r.rolname = current_user AND r.rolconnlimit >= 0) AS role,
       (SELECT json_build_object('open', (SELECT count(*) FROM clients WHERE datid = d.oid), 'max', d.datconnlimit) FROM pg_database d WHERE d.datname = current_database() AND d.datconnlimit >= 0) AS database`

/** A prepared transaction's locks have no backend: it is found by the object that somebody waits for. */
const otherHolders = `
SELECT a.pid, a.backend_type AS kind, coalesce(a.application_name, '') AS name, coalesce(a.usename, '')::text AS "user", coalesce(a.datname, '')::text AS database,
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(a.xact_start, a.backend_start)), 0)::float8 AS age, left(coalesce(a.query, ''), 2000) AS query
  FROM pg_stat_activity a WHERE a.pid = ANY ($1)
UNION ALL
SELECT DISTINCT 0, 'prepared transaction', p.gid, p.owner::text, p.database::text, extract(epoch FROM clock_timestamp() - p.prepared)::float8, ''
  FROM pg_prepared_xacts p JOIN pg_locks own ON own.locktype = 'transactionid' AND own.transactionid = p.transaction AND own.pid IS NULL
  JOIN pg_locks h ON h.pid IS NULL AND h.granted AND h.virtualtransaction = own.virtualtransaction
  JOIN pg_locks w ON NOT w.granted AND (w.locktype, w.database, w.relation, w.page, w.tuple, w.transactionid, w.classid, w.objid, w.objsubid)
       IS NOT DISTINCT FROM (h.locktype, h.database, h.relation, h.page, h.tuple, h.transactionid, h.classid, h.objid, h.objsubid)
 WHERE 0 = ANY ($1)
 ORDER BY 1, 3`

const advisoryLocks = `
SELECT pid, mode, granted, CASE objsubid WHEN 1 THEN ((classid::bigint << 32) | objid::bigint)::text
         ELSE ((classid::bigint << 32) >> 32)::text || ',' || ((objid::bigint << 32) >> 32)::text END AS key
  FROM pg_locks
 WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
 ORDER BY granted DESC, pid`

/** Unqualified, as goose names it: the role's search_path decides which. */
const recorded = `
SELECT DISTINCT ON (version_id) version_id::text AS version, is_applied AS applied, tstamp::text AS at
  FROM goose_db_version WHERE version_id > 0 ORDER BY version_id, id DESC`

const tables = `
WITH own AS (SELECT c.oid, n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
SELECT to_regclass('goose_db_version') IS NOT NULL AS exists,
       coalesce((SELECT nspname FROM own WHERE oid = to_regclass('goose_db_version')), current_schema(), 'public') AS schema,
       ARRAY(SELECT nspname::text FROM own WHERE relname = 'goose_db_version' AND oid IS DISTINCT FROM to_regclass('goose_db_version') ORDER BY 1) AS elsewhere,
       (SELECT count(*)::int FROM own WHERE relname <> 'goose_db_version') AS tables`

type Recorded = { readonly version: string; readonly applied: boolean; readonly at: string }

const invalidIndexes = `
SELECT n.nspname AS schema, c.relname AS name, i.indrelid::regclass::text AS "table", pg_get_indexdef(c.oid) AS definition,
       coalesce((SELECT p.pid FROM pg_stat_progress_create_index p WHERE p.index_relid = c.oid LIMIT 1),
         (SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
           WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'ShareUpdateExclusiveLock' AND l.granted LIMIT 1)) AS builder,
       CASE WHEN c.relkind = 'I' THEN ARRAY(SELECT h.inhrelid::regclass::text FROM pg_inherits h WHERE h.inhparent = i.indrelid
         AND NOT EXISTS (SELECT 1 FROM pg_inherits a JOIN pg_index x ON x.indexrelid = a.inhrelid WHERE a.inhparent = c.oid AND x.indrelid = h.inhrelid AND x.indisvalid) ORDER BY 1) END AS lacking
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE NOT i.indisvalid AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2`

interface Self {
  readonly pid: number
  readonly clientAddress: string | null
  readonly version: string
  readonly maxConnections: number
  readonly database: string
  readonly serverAddress: string | null
  readonly connections: number
  readonly readOnly: boolean
}

/** What the server says of itself and of us. */
const self = `
SELECT pg_backend_pid() AS pid, host(inet_client_addr()) AS "clientAddress", current_setting('server_version') AS version,
       current_database() AS database, host(inet_server_addr()) AS "serverAddress",
       coalesce((SELECT numbackends FROM pg_stat_database WHERE datname = current_database()), 0)::int AS connections,
       current_setting('max_connections')::int AS "maxConnections", current_setting('default_transaction_read_only') = 'on' OR pg_is_in_recovery() AS "readOnly"`

/** The reading half: see `PostgresReader`. `endpoint`: how a connection comes about over which an endpoint is looked at. */
export const readPostgres = (over: Over, application: PostgresReader['application'], endpoint: Over): PostgresReader => {
  const ask = <R extends object>(target: PostgresTarget, sql: string, values?: readonly unknown[]): Promise<readonly R[]> =>
    over(target, (connection) => connection.atOnce((reading) => reading.query<R>(sql, values)), { atOnce: true })
  const askOne = async <R extends object>(target: PostgresTarget, sql: string, values?: readonly unknown[]): Promise<R> => {
    const [found] = await ask<R>(target, sql, values)
    if (!found) throw new Error('the server returned no row')
    return found
  }
  return {
    application,
    open: (target) => over(target, async () => {}, { atOnce: true }),
    endpoint: (target) => lookAt(target, endpoint),
    databases: async (target) => (await ask<{ readonly name: string }>(target, databases)).map(({ name }) => name),
    sessions: (target) => ask<Session>(target, sessions),
    capacity: (target) => askOne<Capacity>(target, capacity),
    otherHolders: (target, pids) => ask<OtherHolder>(target, otherHolders, [pids]),
    advisoryLocks: (target) => ask<AdvisoryLock>(target, advisoryLocks),
    invalidIndexes: (target) => ask<InvalidIndex>(target, invalidIndexes),
    surroundings: (target, functions) => askOne<Surroundings>(target, surroundings, [functions]),
    layout: (target) => over(target, (connection) => connection.atOnce(readLayout), { atOnce: true }),
    writesDown: async (target) => writtenBy(await ask(target, writingSettings)),
    tableSizes: (target) => ask<TableSize>(target, tableSizes),
    schema: (target) => over(target, (connection) => connection.atOnce(readSchema), { atOnce: true }),
    versions: (target) => over(target, (connection) => connection.reading(readVersions)),
  }
}

/** Names as a private server words them, whatever the role's own search_path: only what public has stands unqualified. */
const readSchema = async (reading: Connection): Promise<readonly SchemaObject[]> => {
  const [, objects] = await Promise.all([
    reading.query("SELECT set_config('search_path', 'public', true)"),
    reading.query<SchemaObject>(schemaObjects),
  ])
  return objects
}

/** Names are whole in what comes after the search_path, whoever reads them. */
const readLayout = async (reading: Connection): Promise<Layout> => {
  const [[session], , statements, all] = await Promise.all([
    reading.query<{ path: string }>("SELECT current_setting('search_path') AS path"),
    reading.query("SELECT set_config('search_path', '', true)"),
    reading.query<Layout['statements'][number]>(layout),
    reading.query<Layout['roles'][number]>(roles),
  ])
  return { statements, roles: all, searchPath: session?.path ?? 'public' }
}

const readVersions = async (reading: Connection): Promise<VersionTable> => {
  const [found] = await reading.query<Pick<VersionTable, 'exists' | 'schema' | 'elsewhere' | 'tables'>>(tables)
  if (!found) throw new Error('the server returned no row')
  const rows = found.exists ? await reading.query<Recorded>(recorded) : []
  return {
    ...found,
    applied: rows.map(({ version, at }) => ({ version: BigInt(version), at })),
    denied: rows.filter(({ applied }) => !applied).map(({ version }) => BigInt(version)),
  }
}

const lookAt = async (target: PostgresTarget, over: Over): Promise<EndpointFacts> => {
  try {
    return await over(
      target,
      async (connection) => {
        const { found, times } = await connection.atOnce(measured)
        const { version, pid, ...said } = found
        const processId = (connection.client as unknown as { readonly processID: number | null }).processID
        const queryMs = times.sort((a, b) => a - b)[1] ?? 0
        return {
          host: target.host,
          reachable: true,
          connectMs: connection.connectMs,
          queryMs,
          serverVersion: version,
          tls: connection.tls,
          pooled: processId !== pid,
          ...said,
        }
      },
      { atOnce: true },
    )
  } catch (error) {
    if (error instanceof Trouble) return { host: target.host, reachable: false, trouble: error }
    throw error
  }
}

/** What the server says of itself, and how long each of three questions took: all are sent at once, and answered one after the other. */
const measured = async (reading: Connection): Promise<{ readonly found: Self; readonly times: number[] }> => {
  const timed = async (): Promise<number> => {
    const began = performance.now()
    await reading.query('SELECT 1')
    return performance.now() - began
  }
  // The questions that are timed go first: none of them waits for what the server looks up for the other.
  const pings = [timed(), timed(), timed()]
  const [[found], times] = await Promise.all([reading.query<Self>(self), Promise.all(pings)])
  if (!found) throw new Error('the server returned no row')
  return { found, times }
}
