/**
 * Sets $journal, $packages … to their kilobytes, $images and $snapshots to theirs, $used and $free of all. `set_disk WHAT KB` writes one of them.
 */
export const diskCounts = `
snaps="$state/../root/var/lib/rancher/k3s/server/db/snapshots"
while read -r what kb; do case $what in ?*) eval "$what=$kb" ;; esac; done < "$state/disk"
images=0; while read -r id name kb how; do images=$((images + ${'$'}{kb:-0})); done < "$state/images"
snapshots=0; for file in "$snaps"/*; do [ -f "$file" ] && read -r kb < "$file" && snapshots=$((snapshots + kb)); done
used=$((rest + journal + packages + logs + syslog + etcd + volumes + pods + images + snapshots)); free=$((total - used))
set_disk() { while read -r what kb; do [ "$what" != "$1" ] || kb=$2; echo "$what $kb"; done < "$state/disk" > "$state/disk.new" && mv "$state/disk.new" "$state/disk"; }
`

/** What a node says of its disk: not this machine's. */
export const diskCommands: Readonly<Record<string, string>> = {
  df: `${diskCounts}
case "$*" in
  *--output=*) printf 'Mounted on    1B-blocks          Used         Avail   Inodes   IUsed\\n/          %s %s %s  4882432 %s\\n' $((total * 1024)) $((used * 1024)) $((free * 1024)) "$inodes" ;;
  *) printf 'Filesystem     1024-blocks      Used Available Capacity Mounted on\\n/dev/sda1 %s %s %s %s%% /\\n' $total $used $free $((used * 100 / total)) ;;
esac
`,
  // As GNU's: what one argument has counted, the next one does not count again.
  du: `${diskCounts}
all=no; unit=1
for word in "$@"; do
  case $word in
    -*h*) unit=1024 ;; -*a*) all=yes ;; -*) ;;
    */server/db/snapshots) if [ $all = yes ]; then for file in "$snaps"/*; do [ -f "$file" ] && printf '%s\\t%s\\n' "$(cat "$file")" "$word/${'$'}{file##*/}"; done; fi
      printf '%s\\t%s\\n' $((snapshots + 4)) "$word" ;;
    */var/log/pods/*) printf '%s\\t%s\\n' $((logs * 2 / 3)) /var/log/pods/honeydue_api-7c9f6d8b5-x2k4q_0b1c $((logs / 3)) /var/log/pods/kube-system_traefik-8hn2w_5d6e ;;
    */log/journal) printf '%s\\t%s\\n' $journal "$word" ;;
    */cache/apt/archives) printf '%s\\t%s\\n' $packages "$word" ;;
    */log/pods) printf '%s\\t%s\\n' $logs "$word" ;;
    */db/etcd) printf '%s\\t%s\\n' $etcd "$word" ;;
    */k3s/storage) printf '%s\\t%s\\n' $volumes "$word" ;;
    */kubelet/pods) printf '%s\\t%s\\n' $pods "$word" ;;
    */agent/containerd) printf '%s\\t%s\\n' $images "$word" ;;
    */var/log) printf '%s\\t%s\\n' $syslog "$word" ;;
    /var) printf '%sM\\t%s\\n' $((journal / 1024)) /var/log/journal $((logs / 1024)) /var/log/pods $((images / 1024)) /var/lib/rancher/k3s/agent $(((used - rest) / 1024)) /var ;;
    /) printf '%sM\\t%s\\n' $(((used - rest) / 1024)) /var $((used / 1024)) / ;;
    *) echo "du: cannot access '$word': No such file or directory" >&2 ;;
  esac
done
`,
  // Of what is written to now, eight megabytes stay; without --rotate, all that is (systemd 252).
  journalctl: `${diskCounts}
rotated=no; to=
for word in "$@"; do case $word in --rotate) rotated=yes ;; --vacuum-size=*M) to=${'$'}{word#*=}; to=$((${'$'}{to%M} * 1024)) ;; --vacuum-size=*G) to=${'$'}{word#*=}; to=$((${'$'}{to%G} * 1048576)) ;; --vacuum-*) to=8192 ;; esac; done
case "$*" in
  *--disk-usage*) echo "Archived and active journals take up $((journal / 1024)).0M in the file system." ;;
  *--rotate*|*--vacuum-*) [ "$USER" = root ] || { echo 'Failed to rotate: Access denied' >&2; exit 1; }
    active=120000; [ $rotated = no ] || active=8192
    [ -n "$to" ] || exit 0
    [ "$to" -gt $active ] || to=$active
    freed=0; [ "$journal" -le "$to" ] || { freed=$((journal - to)); set_disk journal "$to"; }
    echo "Vacuuming done, freed $((freed / 1024)).0M of archived journals from /var/log/journal." >&2 ;;
  *'-u '*) all="$*"; unit=${'$'}{all#*-u }; unit=${'$'}{unit%% *}; if [ -f "$state/units/$unit" ]; then cat "$state/units/$unit"; else echo '-- No entries --'; fi ;;
  *) echo '-- No entries --' ;;
esac
`,
}

/** `k3s crictl`: of images and containers as much as is asked. */
export const crictl = `
shift; ${diskCounts}
[ "$USER" = root ] || { echo 'FATA[0000] validate service connection: dial unix /run/k3s/containerd/containerd.sock: connect: permission denied' >&2; exit 1; }
[ "$(cat "$state/services/k3s")" = active ] || { echo 'FATA[0000] validate service connection: dial unix /run/k3s/containerd/containerd.sock: connect: no such file or directory' >&2; exit 1; }
comma=
case $1 in
  images) echo '{ "images": ['
    while read -r id name kb how; do
      pinned=false; [ "$how" != pinned ] || pinned=true
      [ -z "$id" ] || { printf '%s{ "id": "sha256:%s", "repoTags": [ "%s" ], "repoDigests": [], "size": "%s", "pinned": %s }\\n' "$comma" "$id" "$name" $((kb * 1024 / 2)) $pinned; comma=,; }
    done < "$state/images"; echo '] }' ;;
  ps) echo '{ "containers": ['
    while read -r id name kb how; do
      [ "$how" != used ] || { printf '%s{ "id": "%s", "image": { "image": "sha256:%s" }, "imageRef": "sha256:%s", "state": "CONTAINER_RUNNING" }\\n' "$comma" "$id" "$id" "$id"; comma=,; }
    done < "$state/images"; echo '] }' ;;
  rmi) [ "$2" = --prune ] || { echo 'rmi: the sandbox prunes alone' >&2; exit 1; }
    while read -r id name kb how; do
      if [ "$how" = unused ]; then echo "Deleted: $name" >&3; else echo "$id $name $kb $how"; fi
    done < "$state/images" 3>&1 > "$state/images.new"; mv "$state/images.new" "$state/images" ;;
  *) echo "No help topic for '$1'" >&2; exit 3 ;;
esac
`
