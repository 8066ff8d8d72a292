import type { Environment } from '../environment/schema.ts'
import type { ApnsSandbox } from './apns/apns.ts'
import type { ProgramOptions } from './deployment/programs.ts'
import type { CloudflareApi } from './edge/api/server.ts'
import type { EdgeSandbox, EdgeSpeed } from './edge/edge.ts'
import type { OriginCa } from './edge/origin-ca.ts'
import type { FcmSandbox } from './fcm.ts'
import type { KubernetesSandbox, Speed } from './kubernetes/types.ts'
import type { MailSandbox } from './mail/mail.ts'
import type { NeonSandbox } from './neon/neon.ts'
import type { NodesSandbox } from './nodes/nodes.ts'
import type { BootSpeed } from './nodes/server.ts'
import type { ObservabilitySandbox } from './observability/observability.ts'
import type { PostgresOptions, PostgresSandbox } from './postgres/postgres.ts'
import type { RedisSandbox } from './redis/redis.ts'
import type { RegistrySandbox } from './registry/registry.ts'
import type { StorageSandbox } from './storage/storage.ts'
import type { SandboxUrls } from './urls.ts'

export interface SandboxOptions {
  /** Where its files go; without one, a folder that `stop` removes. */
  readonly dir?: string
  /** Starts PostgreSQL at once; otherwise it starts when something first connects. */
  readonly postgres?: boolean
  /** Milliseconds that every connection takes longer in each direction: a link to measure over. */
  readonly delay?: number
  readonly speed?: Partial<Speed & EdgeSpeed & BootSpeed>
  /** Its workers take jobs and end them; otherwise the queue stays as it is, which tests rely on. */
  readonly jobs?: boolean
  /** Connections that each api pod opens at its start; 20 as in production, fewer where many pods start. */
  readonly warmupPings?: number
  /** The PgBouncer that its pooler behaves as; 1.24 by default. */
  readonly poolerRelease?: PostgresOptions['poolerRelease']
  /** Where its PostgreSQL comes from, and is left; a fresh one by default. */
  readonly postgresServers?: PostgresOptions['servers']
  /** Servers that the pods use in the place of the sandbox's own: its Redis by the port on 127.0.0.1, and where they are given its PostgreSQL and what the migration's Job runs. */
  readonly outside?: { readonly redis: number } & Partial<Pick<ProgramOptions, 'database' | 'migrate'>>
}

export interface Sandbox {
  readonly dir: string
  readonly kubernetes: KubernetesSandbox
  readonly nodes: NodesSandbox
  readonly redis: RedisSandbox
  readonly postgres: PostgresSandbox
  readonly cloudflare: CloudflareApi
  readonly registry: RegistrySandbox
  readonly neon: NeonSandbox
  readonly mail: MailSandbox
  readonly apns: ApnsSandbox
  readonly fcm: FcmSandbox
  readonly storage: StorageSandbox
  readonly observability: ObservabilitySandbox
  /** What signs origin certificates, for worlds that need one of their own. */
  readonly originCa: OriginCa
  readonly edge: EdgeSandbox
  /** The environment of the CLI, as `environment.yaml` in `dir` has it. */
  readonly environment: Environment
  readonly urls: SandboxUrls
  /** What a pod of the application began with; undefined of one whose program has not begun. */
  environmentOf(pod: string): Readonly<Record<string, string>> | undefined
  /** Everything as at the start, in milliseconds. */
  reset(): Promise<void>
  stop(): Promise<void>
}
