import type { Trouble } from '../../errors.ts'
import type { InFile } from '../../later.ts'
import type { Secret } from '../../secret.ts'
import type { Surroundings } from '../../sql/surroundings.ts'
import type { Shown, System } from '../systems.ts'

/** Where to connect and as whom: host, user and database of the live ConfigMap, password of the live Secret. */
export interface PostgresTarget {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly password: Secret
}

/** What an endpoint shows to a client with the application's own credentials. Times in milliseconds. */
export type EndpointFacts =
  | { readonly host: string; readonly reachable: false; readonly trouble: Trouble }
  | {
      readonly host: string
      readonly reachable: true
      /** TCP, TLS, login: what a cold request pays. */
      readonly connectMs: number
      /** The median of three `SELECT 1` on the open connection. */
      readonly queryMs: number
      readonly serverVersion: string
      /** "TLSv1.3", and when the certificate ends (RFC 1123, as Node gives it). */
      readonly tls: { readonly protocol: string; readonly validTo: string }
      /** Measured, not read off the name: through a pooler the protocol's process id is not pg_backend_pid(). */
      readonly pooled: boolean
      /** How the server sees a client of this endpoint; null for a Unix socket. */
      readonly clientAddress: string | null
      readonly maxConnections: number
      readonly database: string
      /** The server's own, behind whatever led to it; null for a Unix socket. */
      readonly serverAddress: string | null
      /** Open to this database, ours too. */
      readonly connections: number
      readonly readOnly: boolean
    }

/** One client backend of pg_stat_activity. Ages in seconds at the time of reading. */
export interface Session {
  readonly pid: number
  /** As text with microseconds: with the pid it names one backend for good. */
  readonly backendStart: string
  readonly application: string
  readonly user: string
  readonly database: string
  readonly clientAddress: string | null
  readonly state: string
  readonly wait: string | null
  readonly backendAge: number
  readonly transactionAge: number | null
  readonly stateAge: number
  /** The present query, or the last one of an idle session; through a pooler that of the last borrower. */
  readonly query: string
  /** Process ids of those that it waits for: who holds the lock, and who asked before it. 0: a prepared transaction. */
  readonly blockedBy: readonly number[]
  /** Its transaction has run statements before this one, and may have written: ending it loses that. */
  readonly wrote: boolean
  /** It holds a snapshot: an index that is built concurrently waits for it, whatever it has read. */
  readonly snapshot: boolean
}

/** What others of this database wait for, and what is no client session of it. Ages in seconds. */
export interface OtherHolder {
  /** 0 for a prepared transaction. */
  readonly pid: number
  /** "autovacuum worker", "walsender", "client backend" (of another database), "prepared transaction" … */
  readonly kind: string
  /** The prepared transaction's identifier, else the application's name. */
  readonly name: string
  readonly user: string
  readonly database: string
  readonly age: number
  /** What it runs, as the server shows it: "autovacuum: VACUUM public.tasks (to prevent wraparound)". */
  readonly query: string
}

/** A session-level or transaction-level advisory lock. `key`: the bigint, or "class,object" for the two-number form. */
export interface AdvisoryLock {
  readonly pid: number
  readonly key: string
  readonly mode: string
  readonly granted: boolean
}

/** goose's table, read with a plain SELECT: `goose status` would create it. Versions are int64: counters, dates, timestamps. */
export interface VersionTable {
  readonly exists: boolean
  /** The schema in which the role's search_path finds the table, or in which goose would make it. */
  readonly schema: string
  /** Every version > 0 that has a row, ascending: `goose up` takes each for applied, whatever the row says. `at`: its latest row, as the server prints it. */
  readonly applied: readonly { readonly version: bigint; readonly at: string }[]
  /** Those of them whose latest row says `is_applied = false`. */
  readonly denied: readonly bigint[]
  /** Other schemas that have such a table, which goose does not find. */
  readonly elsewhere: readonly string[]
  /** Tables of all schemas besides goose's and those of extensions: zero means an empty database. */
  readonly tables: number
}

export interface InvalidIndex {
  readonly schema: string
  readonly name: string
  readonly table: string
  readonly definition: string
  /** The backend that builds or drops it at this moment. */
  readonly builder: number | null
  /** Of a partitioned table's index: the partitions that have none attached to it; null for any other. */
  readonly lacking: readonly string[] | null
}

/** A table's size as the server last counted it. `rows`: -1 where it never did. */
export interface TableSize {
  readonly table: string
  readonly rows: number
  readonly bytes: number
}

/** One object of the schema. `name`: `tasks.title` for a column. Two schemas are the same when these are. */
export interface SchemaObject {
  readonly kind: string
  readonly name: string
  readonly table: string | null
  readonly definition: string
}

/** How to lay a schema in an empty database: statements in no order that suffices, and the server's roles. */
export interface Layout {
  readonly statements: readonly { readonly kind: string; readonly sql: string }[]
  /** `member`: the asking role has its rights. */
  readonly roles: readonly { readonly name: string; readonly member: boolean }[]
  /** The asking role's, as the server has it for a new session. */
  readonly searchPath: string
}

/** The application's own database through both of its endpoints. */
export interface Application {
  readonly direct: PostgresTarget
  readonly pooler: PostgresTarget
}

/** How many connections the server takes, and has: those of clients, in every database. */
export interface Capacity {
  readonly open: number
  readonly max: number
  /** Kept for superusers and the like: ours are refused once only these are left. */
  readonly reserved: number
  /** Of the role and of the database, where either has a limit of its own; with how many of each are open. */
  readonly role: { readonly open: number; readonly max: number } | null
  readonly database: { readonly open: number; readonly max: number } | null
}

/** Every read runs in a read-only transaction with its own statement and lock timeout. Failures throw `Unreachable` or `Failed`. */
export interface PostgresReader {
  /** From the live ConfigMap and Secret: throws what reading those throws. */
  application(): Promise<Application>
  /** Logs in, and asks nothing yet. */
  open(target: PostgresTarget): Promise<void>
  /** Never throws for what is wrong with the endpoint: that is its answer. Opens a new connection each time; in one look, once. */
  endpoint(target: PostgresTarget): Promise<EndpointFacts>
  /** The names of those that the role may open, templates left out. */
  databases(target: PostgresTarget): Promise<readonly string[]>
  sessions(target: PostgresTarget): Promise<readonly Session[]>
  capacity(target: PostgresTarget): Promise<Capacity>
  /** What these pids are, which stand in a `blockedBy` and among no sessions; 0 asks for every prepared transaction that is in somebody's way. */
  otherHolders(target: PostgresTarget, pids: readonly number[]): Promise<readonly OtherHolder[]>
  advisoryLocks(target: PostgresTarget): Promise<readonly AdvisoryLock[]>
  versions(target: PostgresTarget): Promise<VersionTable>
  invalidIndexes(target: PostgresTarget): Promise<readonly InvalidIndex[]>
  /** What statements meet there; `functions`: names that are to be looked up. */
  surroundings(target: PostgresTarget, functions: readonly string[]): Promise<Surroundings>
  tableSizes(target: PostgresTarget): Promise<readonly TableSize[]>
  layout(target: PostgresTarget): Promise<Layout>
  /** Settings by which a value that the server is told gets into its log or its statistics: `log_statement = all`. */
  writesDown(target: PostgresTarget): Promise<readonly string[]>
  /** Every object outside of extensions and goose's own table, in an order in which they can be made. */
  schema(target: PostgresTarget): Promise<readonly SchemaObject[]>
}

export interface PostgresWriter {
  /** Ends one backend, in one statement that holds only while pid, start and state are the given ones; otherwise `Moved`. */
  endBackend(target: PostgresTarget, backend: Pick<Session, 'pid' | 'backendStart' | 'state'>): Promise<void>
  /** Drops an index that is still invalid, without blocking writes. */
  dropInvalidIndex(target: PostgresTarget, index: Pick<InvalidIndex, 'schema' | 'name'>): Promise<void>
  /** Builds an invalid index anew in place, without blocking writes. */
  rebuildInvalidIndex(target: PostgresTarget, index: Pick<InvalidIndex, 'schema' | 'name'>): Promise<void>
  /** Records versions as applied in goose's table of a schema, which is made where there is none; runs nothing of their files. */
  markVersions(target: PostgresTarget, versions: readonly bigint[], schema: string): Promise<void>
  /** Gives the target's role another password, logged in with the one that it has. Connections that stand go on. */
  setPassword(target: PostgresTarget, passwords: { readonly as: InFile<Secret>; readonly next: InFile<Secret> }): Promise<void>
}

export interface PostgresProver {
  /** It answers, and can be written to. */
  direct(target: PostgresTarget): Shown
  sessionGone(target: PostgresTarget, backend: Pick<Session, 'pid' | 'backendStart'>): Shown
  /** The index is gone, or valid. */
  noInvalid(target: PostgresTarget, index: Pick<InvalidIndex, 'schema' | 'name'>): Shown
  /** No index is invalid but those that are known by name. */
  noOtherInvalid(target: PostgresTarget, known: readonly string[]): Shown
  /** goose's table has these versions. */
  applied(target: PostgresTarget, versions: readonly bigint[], schema: string): Shown
  /** The password of this file is let in. */
  letsIn(target: PostgresTarget, file: string): Shown
  /** It is not, and the one of the other file is. */
  turnsAway(target: PostgresTarget, files: { readonly old: string; readonly new: string }): Shown
  /** No index is built at this moment. */
  nothingBuilt(target: PostgresTarget): Shown
}

export type Postgres = System<PostgresReader, PostgresWriter, PostgresProver>

declare module '../systems.ts' {
  interface Systems {
    readonly postgres: Postgres
  }
}
