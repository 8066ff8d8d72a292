import { diskCounts } from './disk-commands.ts'
import { etcdMembers } from './etcd-commands.ts'

/** `k3s etcd-snapshot` of a server: what it says goes to the log, which is standard error. */
export const etcdSnapshot = `
shift; ${diskCounts}${etcdMembers}
said() { echo "time=\\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\\" level=$1 msg=\\"$2\\"" >&2; }
fatal() { said fatal "Error: $1"; exit 1; }
[ "$USER" = root ] || fatal 'open /var/lib/rancher/k3s/server/token: permission denied'
[ "$(cat "$state/services/k3s")" = active ] || fatal 'see server log for details: https://127.0.0.1:6443/db/snapshot: connection refused'
members
case $1 in
  save) shift; prefix=on-demand
    while [ $# -gt 0 ]; do case $1 in --name) prefix=$2; shift ;; --name=*) prefix=${'$'}{1#*=} ;; esac; shift; done
    [ $has = 1 ] || fatal 'see server log for details: https://127.0.0.1:6443/db/snapshot: 500 Internal Server Error: etcdserver: no leader'
    [ "$free" -gt 45056 ] || fatal 'see server log for details: 500 Internal Server Error: write: no space left on device'
    name=$prefix-$(cat "$state/hostname")-$(date +%s); echo 45056 > "$snaps/$name"; echo "$name" >> "$state/etcd-saved"; said info "Snapshot $name saved." ;;
  ls|list) printf 'Name Location Size Created\\n'
    for file in "$snaps"/*; do [ -f "$file" ] && echo "${'$'}{file##*/} file:///var/lib/rancher/k3s/server/db/snapshots/${'$'}{file##*/} $(($(cat "$file") * 1024)) $(date -u +%Y-%m-%dT%H:%M:%SZ)"; done ;;
  delete) shift
    for name in "$@"; do if [ -f "$snaps/$name" ]; then rm "$snaps/$name"; said info "Snapshot $name deleted."; else said info "No snapshots found matching $name"; fi; done ;;
  *) echo "No help topic for '$1'" >&2; exit 3 ;;
esac
`
