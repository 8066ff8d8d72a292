import type { Context } from './command.ts'

const human = (bytes: number): string => (bytes >= 1024 ** 2 ? `${(bytes / 1024 ** 2).toFixed(2)}M` : `${(bytes / 1024).toFixed(2)}K`)

/** The sections of INFO, each as its lines. */
const sections = (context: Context): Readonly<Record<string, readonly string[]>> => {
  const { settings, counters, databases, now, startedAt } = context
  const memory = context.usedMemory()
  const maxmemory = Number(settings.get('maxmemory'))
  const uptime = Math.floor((now() - startedAt) / 1000)
  const stats = databases.map((db) => db.stats())
  return {
    Server: [
      'redis_version:7.0.15',
      'redis_mode:standalone',
      'os:Linux 6.8.0-90-generic x86_64',
      'arch_bits:64',
      'process_id:1',
      'tcp_port:6379',
      `server_time_usec:${now() * 1000}`,
      `uptime_in_seconds:${uptime}`,
      `uptime_in_days:${Math.floor(uptime / 86_400)}`,
      'hz:10',
      'config_file:',
    ],
    Clients: [`connected_clients:${context.sessions().length}`, `maxclients:${settings.get('maxclients')}`, 'blocked_clients:0'],
    Memory: [
      `used_memory:${memory}`,
      `used_memory_human:${human(memory)}`,
      `used_memory_rss:${Math.round(memory * 1.2)}`,
      `used_memory_peak:${memory}`,
      `used_memory_dataset:${stats.reduce((sum, { bytes }) => sum + bytes, 0)}`,
      `maxmemory:${maxmemory}`,
      `maxmemory_human:${human(maxmemory)}`,
      `maxmemory_policy:${settings.get('maxmemory-policy')}`,
      'mem_fragmentation_ratio:1.20',
      'lazyfree_pending_objects:0',
    ],
    Persistence: [
      'loading:0',
      'rdb_changes_since_last_save:0',
      'rdb_last_bgsave_status:ok',
      `aof_enabled:${settings.get('appendonly') === 'yes' ? 1 : 0}`,
    ],
    Stats: [
      `total_connections_received:${counters.connections}`,
      `total_commands_processed:${counters.commands}`,
      'instantaneous_ops_per_sec:0',
      'rejected_connections:0',
      `expired_keys:${stats.reduce((sum, { expired }) => sum + expired, 0)}`,
      `evicted_keys:${counters.evicted}`,
      `keyspace_hits:${counters.hits}`,
      `keyspace_misses:${counters.misses}`,
      `total_error_replies:${counters.errors}`,
    ],
    Replication: context.replica()
      ? ['role:slave', 'master_host:127.0.0.1', 'master_port:6379', 'master_link_status:down', 'slave_read_only:1', 'connected_slaves:0']
      : ['role:master', 'connected_slaves:0'],
    Errorstats: Object.entries(counters.refusals).map(([code, times]) => `errorstat_${code}:count=${times}`),
    CPU: ['used_cpu_sys:0.1', 'used_cpu_user:0.1'],
    Cluster: ['cluster_enabled:0'],
    Keyspace: stats.flatMap(({ keys, withExpiry }, i) => (keys === 0 ? [] : [`db${i}:keys=${keys},expires=${withExpiry},avg_ttl=0`])),
  }
}

/** INFO's text for the sections asked for; all of them when none is named. */
export const info = (wanted: readonly string[], context: Context): string => {
  const names = wanted.map((name) => name.toLowerCase())
  const all = names.length === 0 || names.some((name) => ['all', 'default', 'everything'].includes(name))
  return Object.entries(sections(context))
    .filter(([name]) => all || names.includes(name.toLowerCase()))
    .map(([name, lines]) => `# ${name}\r\n${lines.map((line) => `${line}\r\n`).join('')}`)
    .join('\r\n')
}
