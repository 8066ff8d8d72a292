import { snapshotFiles, snapshotFolder } from './disk.ts'
import type { EtcdMember, NodeEtcd } from './etcd-types.ts'

/** k3s has etcd answer there, on the machine itself alone. */
const port = 'http://127.0.0.1:2381'
const wanted =
  'server_(has_leader|is_leader|is_learner|id|quota_backend_bytes)|mvcc_db_total_size_in_bytes|network_active_peers|disk_wal_fsync_duration_seconds_(bucket|count)'

/** One round trip. Of k3s' configuration it is told whether a word stands in it, and nothing else of it. */
export const etcdScript = `
root sh -c '
df -Pk /var/lib/rancher/k3s 2> /dev/null | sed "1d;s/^/disk /"
du -ak ${snapshotFolder} 2> /dev/null | sed "s/^/snapshot /"
cat /etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml /etc/systemd/system/k3s.service 2> /dev/null | grep -q etcd-s3 && echo object-storage
echo asked' || exit
curl -s -m 3 ${port}/health | sed 's/^/health /'
echo
curl -s -m 3 ${port}/metrics | grep -E '^etcd_(${wanted})'
:
`

/** What the script printed; undefined where it is not that. */
export const readEtcd = (stdout: string): NodeEtcd | undefined => {
  const lines = stdout.split('\n')
  if (!lines.includes('asked')) return undefined
  const member = memberOf(lines)
  const free = lines.flatMap((line) => /^disk .*\s(\d+)\s+\d+%\s+\/\S*$/.exec(line)?.[1] ?? [])[0]
  return {
    ...(free !== undefined && { availableBytes: Number(free) * 1024 }),
    snapshots: snapshotFiles(lines),
    toObjectStorage: lines.includes('object-storage'),
    ...(member && { member }),
  }
}

const memberOf = (lines: readonly string[]): EtcdMember | undefined => {
  const number = (name: string) => Number(lines.find((line) => line.startsWith(`etcd_${name} `))?.split(' ')[1] ?? Number.NaN)
  const id = lines.flatMap((line) => /^etcd_server_id\{server_id="([0-9a-f]+)"\} 1$/.exec(line)?.[1] ?? [])[0]
  const [databaseBytes, quotaBytes] = [number('mvcc_db_total_size_in_bytes'), number('server_quota_backend_bytes')]
  if (id === undefined || !Number.isFinite(databaseBytes)) return undefined
  const fsyncSeconds = fsyncOf(lines, number('disk_wal_fsync_duration_seconds_count'))
  const complaint = complaintOf(lines.find((line) => line.startsWith('health ')))
  return {
    id,
    hasLeader: number('server_has_leader') === 1,
    isLeader: number('server_is_leader') === 1,
    isLearner: number('server_is_learner') === 1,
    peers: lines.flatMap((line) => {
      const [, remote, active] = /^etcd_network_active_peers\{.*Remote="([0-9a-f]+)".*\} (\d+)$/.exec(line) ?? []
      return remote === undefined || remote === id ? [] : [{ id: remote, active: active !== '0' }]
    }),
    databaseBytes,
    // Zero, where it was never set, is etcd's own two gigabytes.
    quotaBytes: quotaBytes > 0 ? quotaBytes : 2 * 1024 ** 3,
    ...(fsyncSeconds !== undefined && { fsyncSeconds }),
    ...(complaint !== undefined && { complaint }),
  }
}

/** The first class that holds 99 of 100. */
const fsyncOf = (lines: readonly string[], count: number): number | undefined => {
  const classes = lines.flatMap((line) => {
    const [, bound, held] = /^etcd_disk_wal_fsync_duration_seconds_bucket\{le="([\d.e+-]+)"\} (\S+)$/.exec(line) ?? []
    return bound === undefined ? [] : [{ bound: Number(bound), held: Number(held) }]
  })
  return count > 0 ? classes.sort((one, other) => one.bound - other.bound).find(({ held }) => held >= count * 0.99)?.bound : undefined
}

const complaintOf = (line: string | undefined): string | undefined => {
  const [, health, reason] = /"health":"(\w+)","reason":"([^"]*)"/.exec(line ?? '') ?? []
  return health === undefined || health === 'true' ? undefined : reason || 'it says that it is not healthy'
}
