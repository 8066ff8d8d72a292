import type { Choices } from '../plan/choice.ts'
import type { Report } from '../plan/report.ts'
import type { Name } from '../systems/systems.ts'

/** Any report, for whoever walks over all of them. */
export type AnyReport = Report<Choices, Name>

/** Every report by its command. Each loads when it is asked for: whoever lists them pays for none. */
export const reports = {
  'cache:status': async () => (await import('./cache/status.ts')).cacheStatus,
  'cert:status': async () => (await import('./cert/status.ts')).certStatus,
  'cluster:certs': async () => (await import('./cluster/certs.ts')).clusterCerts,
  'cluster:etcd': async () => (await import('./cluster/etcd.ts')).clusterEtcd,
  'cluster:health': async () => (await import('./cluster/health.ts')).clusterHealth,
  'config:diff': async () => (await import('./config/diff.ts')).configDiff,
  'cost:status': async () => (await import('./cost/status.ts')).costStatus,
  'db:connections': async () => (await import('./db/connections.ts')).connections,
  'db:locks': async () => (await import('./db/locks.ts')).locks,
  'db:migrations': async () => (await import('./db/migrations.ts')).migrations,
  'db:status': async () => (await import('./db/status.ts')).databaseStatus,
  'db:verify-warmup': async () => (await import('./db/verify-warmup.ts')).verifyWarmup,
  'deploy:status': async () => (await import('./deploy/status.ts')).deployStatus,
  diagnose: async () => (await import('./diagnose.ts')).diagnose,
  'edge:status': async () => (await import('./edge/status.ts')).edgeStatus,
  'firewall:status': async () => (await import('./firewall/status.ts')).firewallStatus,
  latency: async () => (await import('./latency.ts')).latency,
  'mail:status': async () => (await import('./mail/status.ts')).mailStatus,
  'nodes:disk': async () => (await import('./nodes/disk.ts')).nodesDisk,
  'nodes:status': async () => (await import('./nodes/status.ts')).nodesStatus,
  'nodes:updates': async () => (await import('./nodes/updates.ts')).nodesUpdates,
  'observability:status': async () => (await import('./observability/status.ts')).observabilityStatus,
  providers: async () => (await import('./providers.ts')).providers,
  'push:status': async () => (await import('./push/status.ts')).pushStatus,
  'queue:status': async () => (await import('./queue/status.ts')).queueStatus,
  'registry:status': async () => (await import('./registry/status.ts')).registryStatus,
  'secrets:lost': async () => (await import('./secrets/lost.ts')).secretsLost,
  'secrets:status': async () => (await import('./secrets/status.ts')).secretsStatus,
  'storage:status': async () => (await import('./storage/status.ts')).storageStatus,
  status: async () => (await import('./status.ts')).status,
} as const satisfies Readonly<Record<string, () => Promise<AnyReport>>>
