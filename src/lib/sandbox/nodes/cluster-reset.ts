import { dirname } from 'node:path'
import { databaseFile, etcdMembers } from './etcd-commands.ts'

const db = '$state/../root/var/lib/rancher/k3s/server/db'
const config = '"$state"/../root/etc/rancher/k3s/config.yaml "$state"/../root/etc/rancher/k3s/config.yaml.d/*.yaml'

/** `write_database FOLDER CLUSTER HOSTNAMES` of one machine; `another_id SEED`: another member has another id. */
const writing = `
write_database() { mkdir -p "$1/../root/${dirname(databaseFile)}"; printf 'cluster %s\\nmembers %s\\n' "$2" "$3" > "$1/../root/${databaseFile}"; }
another_id() {
  id=$(printf '%016x' "$(printf '%s %s' "$(cat "$state/hostname")" "$1" | cksum | tr -d ' ')")
  sed "s/^id .*/id $id/" "$state/etcd" > "$state/etcd.new" && mv "$state/etcd.new" "$state/etcd"
}
`

/** For a start of k3s, `join_cluster`: with a database it is a member of its cluster; without one it joins by `server:`, or begins a cluster of its own. */
export const joinAtStart = `
${etcdMembers}${writing}
join_cluster() {
  rm -f "${db}/reset-flag"
  [ ! -f "$state/../root/${databaseFile}" ] || return 0
  self=$(cat "$state/hostname"); url=$(sed -n 's/^ *server: *//p' ${config} 2> /dev/null | head -n 1)
  host=${'$'}{url#*//}; host=${'$'}{host%:*}
  if [ -z "$url" ]; then write_database "$state" "$self-$(date +%s)" "$self"; another_id "$(date +%s)"; return 0; fi
  for there in "$state"/../../*/state; do
    [ "$(cat "$there/address")" = "$host" ] && alive_at "$there" || continue
    found=$(state=$there; members; cluster_of "$there"; [ $has = 0 ] || echo "$cluster $voters")
    target=${'$'}{found%% *}; voters=${'$'}{found#* }
    # k3s: "duplicate node name found, please use a unique name for this node".
    case " $voters " in '  '|*" $self "*) return 1 ;; esac
    for one in "$state"/../../*/state; do
      if [ "$(cat "$one/hostname")" = "$self" ] || grep -qsx "cluster $target" "$one/../root/${databaseFile}"; then write_database "$one" "$target" "$voters $self"; fi
    done
    another_id "$(date +%s)"; return 0
  done
  return 1
}
`

/** `k3s server --cluster-reset`: what it says goes to the log, which is standard error. What it restored from is told to the sandbox by a file. */
export const clusterReset = `
shift; ${etcdMembers}${writing}
said() { echo "time=\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\" level=$1 msg=\\"$2\\"" >&2; }
fatal() { said fatal "Error: $1"; exit 1; }
reset=no; from=
for word in "$@"; do case $word in --cluster-reset|--cluster-reset=true) reset=yes ;; --cluster-reset-restore-path=*) from=${'$'}{word#*=} ;; esac; done
[ $reset = yes ] || { echo 'k3s server: in the sandbox systemd starts it' >&2; exit 1; }
[ "$USER" = root ] || fatal 'server must run as root, or with --rootless and/or --disable-agent'
! grep -qs '^ *server:' ${config} || fatal 'cannot perform cluster-reset while server URL is set - remove server from configuration before resetting'
[ "$(cat "$state/services/k3s")" != active ] || fatal 'listen tcp 127.0.0.1:2380: bind: address already in use'
[ ! -e "${db}/reset-flag" ] || fatal 'Managed etcd cluster membership was previously reset, please remove the cluster-reset flag and start k3s normally. If you need to perform another cluster reset, you must first manually delete the file at /var/lib/rancher/k3s/server/db/reset-flag'
self=$(cat "$state/hostname"); now=$(date +%s)
if [ -n "$from" ]; then
  [ -f "$from" ] || fatal "stat $from: no such file or directory"
  mv "${db}/etcd" "${db}/etcd-old-$now" || fatal 'rename /var/lib/rancher/k3s/server/db/etcd: no such file or directory'
  said info "Pre-restore etcd database moved to /var/lib/rancher/k3s/server/db/etcd-old-$now"
  echo "${'$'}{from##*/}" > "$state/etcd-restored"
fi
write_database "$state" "$self-$now" "$self"; another_id "$now"; : > "${db}/reset-flag"
said info 'Managed etcd cluster membership has been reset, restart without --cluster-reset flag now. Backup and delete ${'$'}{datadir}/server/db on each peer etcd server and rejoin the nodes'
`
