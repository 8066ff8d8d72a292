import { createHash } from 'node:crypto'

/** What a node's member of etcd answers from: its id, bytes, an alarm (`-`: none), and how many of a hundred of its writes to the disk are slow. */
export const etcdFile = (hostname: string): string => {
  const id = createHash('md5').update(`etcd ${hostname}`).digest('hex').slice(0, 16)
  return `id ${id}\nsize 46137344\nquota 2147483648\nalarm -\nlearner 0\nslow 0`
}

/** Below a node's root, its database, as far as there is one: of which cluster it is, and the hostnames of that cluster's members. */
export const databaseFile = 'var/lib/rancher/k3s/server/db/etcd/member/snap/db'

/** What it holds of a cluster that began with these machines. */
export const database = (hostnames: readonly string[]): string => `cluster first\nmembers ${hostnames.join(' ')}\n`

/**
 * `etcd_of FOLDER` reads it; `cluster_of FOLDER` sets $cluster and $voters from its database; `alive_at FOLDER`: the machine is up, k3s too, and it has a database.
 * `members` sets $total, $up, $leader, $peers and $has (a leader).
 */
export const etcdMembers = `
etcd_of() { while read -r what value; do case $what in ?*) eval "etcd_$what=\\$value" ;; esac; done < "$1/etcd"; }
cluster_of() { cluster=; voters=; [ -f "$1/../root/${databaseFile}" ] || return 0
  while read -r what value; do case $what in cluster) cluster=$value ;; members) voters=$value ;; esac; done < "$1/../root/${databaseFile}"; }
alive_at() { [ "$(cat "$1/services/k3s")" = active ] && [ ! -s "$1/away" ] && [ -f "$1/../root/${databaseFile}" ]; }
members() {
  total=0; up=0; leader=; peers=; etcd_of "$state"; own=$etcd_id
  cluster_of "$state"; mine=$cluster; all=" $voters "
  for other in "$state"/../../*/state; do
    [ -f "$other/etcd" ] || continue
    case $all in *" $(cat "$other/hostname") "*) ;; *) continue ;; esac
    etcd_of "$other"; cluster_of "$other"; active=0
    [ "$etcd_learner" = 1 ] || total=$((total + 1))
    if [ "$cluster" = "$mine" ] && alive_at "$other"; then active=1; if [ "$etcd_learner" = 0 ]; then up=$((up + 1)); leader=${'$'}{leader:-$etcd_id}; fi; fi
    [ "$etcd_id" = "$own" ] || peers="$peers
etcd_network_active_peers{Local=\\"$own\\",Remote=\\"$etcd_id\\"} $active"
  done
  has=1; [ $((up * 2)) -gt $total ] || { has=0; leader=; }
  etcd_of "$state"
}
`

/** For the front of `curl`: etcd's port for metrics, as 3.6 answers there. */
export const etcdAnswers = `${etcdMembers}
case "$*" in *http://127.0.0.1:2381/*)
  alive_at "$state" || { echo 'curl: (7) Failed to connect to 127.0.0.1 port 2381 after 0 ms: Could not connect to server' >&2; exit 7; }
  members
  case "$*" in
    */health)
      if [ $has = 0 ]; then echo '{"health":"false","reason":"RAFT NO LEADER"}'
      elif [ "$etcd_alarm" != - ]; then echo '{"health":"false","reason":"ALARM '"$etcd_alarm"'"}'
      else echo '{"health":"true","reason":""}'; fi ;;
    */metrics)
      is=0; [ "$leader" != "$own" ] || is=1
      fast=$((100 - etcd_slow))
      echo "# TYPE etcd_server_has_leader gauge
etcd_server_has_leader $has
etcd_server_is_leader $is
etcd_server_is_learner $etcd_learner
etcd_server_id{server_id=\\"$own\\"} 1
etcd_server_quota_backend_bytes $etcd_quota
etcd_mvcc_db_total_size_in_bytes $etcd_size
etcd_mvcc_db_total_size_in_use_in_bytes $((etcd_size * 2 / 3))
etcd_disk_wal_fsync_duration_seconds_bucket{le=\\"0.001\\"} $((fast / 2))
etcd_disk_wal_fsync_duration_seconds_bucket{le=\\"0.004\\"} $fast
etcd_disk_wal_fsync_duration_seconds_bucket{le=\\"0.128\\"} 100
etcd_disk_wal_fsync_duration_seconds_bucket{le=\\"+Inf\\"} 100
etcd_disk_wal_fsync_duration_seconds_count 100$peers" ;;
  esac
  exit 0 ;;
esac
`
