import { aptCommands } from './apt-commands.ts'
import { clusterReset, joinAtStart } from './cluster-reset.ts'
import { crictl, diskCommands } from './disk-commands.ts'
import { etcdSnapshot } from './etcd-snapshot.ts'
import { renewAtStart } from './k3s-files.ts'
import { noteRunning, programFile } from './k3s-releases.ts'
import { machineCommands } from './machine-commands.ts'
import { networkCommands } from './network-commands.ts'
import { ufw } from './ufw.ts'

/** Commands that come first in a node's PATH; each is a POSIX sh script that finds its node's state in $state. */
export const nodeCommands: Readonly<Record<string, string>> = {
  ufw,
  ...networkCommands,
  hostname: `
case $1 in
  -I|--all-ip-addresses|-i) cat "$state/address" ;;
  -*|'') cat "$state/hostname" ;;
  *) echo 'hostname: you must be root to change the host name' >&2; exit 1 ;;
esac
`,
  // Who is signed in; what sudo runs is root's.
  id: `
case $1 in
  -u) if [ "$USER" = root ]; then echo 0; else echo 1000; fi ;;
  -un) echo "$USER" ;;
  *) if [ "$USER" = root ]; then echo 'uid=0(root) gid=0(root) groups=0(root)'; else echo "uid=1000($USER) gid=1000($USER) groups=1000($USER)"; fi ;;
esac
`,
  // What sudo does for somebody else than root, by the first word of its state: free; ufw: nothing but ufw without a password; password; tty: wants a terminal.
  sudo: `
asks=yes; lists=no
while [ $# -gt 0 ]; do
  case $1 in -n|--non-interactive) asks=no; shift ;; -l|--list) lists=yes; shift ;; -u|-g) shift 2 ;; -E|-H|-S|-i) shift ;; --) shift; break ;; *=*) export "$1"; shift ;; *) break ;; esac
done
read -r rights warning < "$state/sudo"
[ "$warning" != unresolved ] || echo "sudo: unable to resolve host $(cat "$state/hostname"): Name or service not known" >&2
[ "$USER" != root ] || rights=free
[ "$rights" != ufw ] || case $1 in ufw|/usr/sbin/ufw|/sbin/ufw|"${'$'}{0%/*}"/ufw) rights=free ;; *) rights=password ;; esac
case $rights in
  free) ;;
  tty) echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1 ;;
  *) if [ $asks = no ]; then echo 'sudo: a password is required' >&2; else echo 'sudo: a terminal is required to read the password' >&2; fi; exit 1 ;;
esac
[ $# -gt 0 ] || { echo 'usage: sudo [-n] [-u user] command' >&2; exit 1; }
[ $lists = no ] || { command -v "$@"; exit; }
export USER=root LOGNAME=root
exec "$@"
`,
  k3s: `
case $1 in
  --version|-v) exec "$state/../root/${programFile}" --version ;;
  kubectl) shift; exec kubectl "$@" ;;
  crictl) ${crictl} ;;
  etcd-snapshot) ${etcdSnapshot} ;;
  server) ${clusterReset} ;;
  *) echo "No help topic for '$1'" >&2; exit 3 ;;
esac
`,
  systemctl: `
quiet=no; verb=; unit=; property=
while [ $# -gt 0 ]; do
  case $1 in
    -q|--quiet) quiet=yes ;; -p|--property) property=$2; shift ;; --property=*) property=${'$'}{1#*=} ;; --value) value=yes ;; -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else unit=${'$'}{1%.service}; fi ;;
  esac
  shift
done
file="$state/services/$unit"; now=inactive; [ -f "$file" ] && now=$(cat "$file")
case $verb in
  is-active) [ $quiet = yes ] || echo "$now"; [ "$now" = active ] || exit 3 ;;
  is-enabled) if [ -f "$file" ]; then echo enabled; else echo "Failed to get unit file state for $unit.service: No such file or directory" >&2; exit 1; fi ;;
  is-system-running) echo running ;;
  show) for name in $(echo "${'$'}{property:-ActiveState}" | tr , ' '); do
      case $name in ActiveState) v=$now ;; SubState) v=dead; [ "$now" = active ] && v=running ;; LoadState) v=not-found; [ -f "$file" ] && v=loaded ;;
        ExecStart) v=; [ "$unit" != k3s ] || v="{ path=$(cat "$state/k3s-program") ; argv[]=$(cat "$state/k3s-program") server ; ignore_errors=no ; pid=812 ; code=(null) ; status=0/0 }" ;;
        *) v= ;; esac
      if [ "$value" = yes ]; then echo "$v"; else echo "$name=$v"; fi
    done ;;
  status) [ -f "$file" ] || { echo "Unit $unit.service could not be found." >&2; exit 4; }
    echo "● $unit.service"; echo "     Active: $now"; [ "$now" = active ] || exit 3 ;;
  start|restart|stop) [ -f "$file" ] || { echo "Failed to $verb $unit.service: Unit $unit.service not found." >&2; exit 5; }
    [ "$USER" = root ] || { printf 'Failed to %s %s.service: Interactive authentication required.\\nSee system logs and "systemctl status %s.service" for details.\\n' "$verb" "$unit" "$unit" >&2; exit 1; }
    if [ "$verb" = stop ]; then echo inactive > "$file"; exit; fi
    if [ "$unit" = k3s ] && [ "$verb$now" != startactive ]; then
      # As with Restart=always: systemd tries again and again.
      failed='Job for k3s.service failed because the control process exited with error code.
See "systemctl status k3s.service" and "journalctl -xeu k3s.service" for details.'
${joinAtStart}
      [ ! -f "$state/k3s-fails" ] || { echo activating > "$file"
        echo "$failed" >&2; exit 1; }
${renewAtStart}
      join_cluster || { echo activating > "$file"; echo "$failed" >&2; exit 1; }
      ${noteRunning}
    fi
    echo active > "$file" ;;
  reboot) [ "$USER" = root ] || { echo 'Call to Reboot failed: Interactive authentication required.' >&2; exit 1; }
    echo yes > "$state/reboot-asked" ;;
  daemon-reload|list-units) ;;
  *) echo "Unknown command verb '$verb'." >&2; exit 1 ;;
esac
`,
  ...machineCommands,
  ...diskCommands,
  ...aptCommands,
  timedatectl: `
synced=$(cat "$state/clock-synchronized")
case "$*" in
  *NTPSynchronized*--value*) echo "$synced" ;;
  show*) echo "NTP=yes"; echo "NTPSynchronized=$synced" ;;
  *) echo "System clock synchronized: $synced"; echo '              NTP service: active' ;;
esac
`,
  // What would change the operator's own machine is shadowed and refused.
  ...Object.fromEntries(
    ['reboot', 'shutdown', 'poweroff', 'halt', 'apt', 'snap', 'iptables', 'ip6tables', 'nft', 'service'].map((name) => [
      name,
      `echo '${name}: the nodes of the sandbox are this machine; it is not done here' >&2; exit 1\n`,
    ]),
  ),
}
