import { diskCounts } from './disk-commands.ts'

/** What of the packages makes Ubuntu ask for a boot: the kernel's own hook, and those of update-notifier. */
const wantsBoot = 'linux-image-*|libc6|libssl3*|dbus|systemd'

/**
 * apt and dpkg as Ubuntu's print what is asked of them here. `updates` in a node's state is what a rehearsal says: Inst and Conf lines, and what is kept back. `dpkg-audit`
 * says what is half installed; `apt-fails`, why an upgrade ends in its middle; `apt-locked`, that unattended-upgrades holds the locks.
 */
export const aptCommands: Readonly<Record<string, string>> = {
  'apt-config': `[ "$1" != dump ] || cat "$state/apt-config"
`,
  dpkg: `
case $1 in
  --audit|-C) [ ! -f "$state/dpkg-audit" ] || cat "$state/dpkg-audit" ;;
  --configure) [ "$USER" = root ] || { echo 'dpkg: error: requested operation requires superuser privilege' >&2; exit 2; }
    rm -f "$state/dpkg-audit" ;;
  *) echo 'dpkg: the nodes of the sandbox are this machine; it is not done here' >&2; exit 1 ;;
esac
`,
  'apt-get': `${diskCounts}
how=real; verb=
for word in "$@"; do
  case $word in -s|--simulate) how=rehearsal ;; --print-uris) how=uris ;; -*|*::*) ;; *) [ -n "$verb" ] || verb=$word ;; esac
done
run="$state/../root/var/run"; mkdir -p "$run"
locked() { [ ! -f "$state/apt-locked" ] || { echo "E: Could not get lock $1. It is held by process 4711 (unattended-upgr)" >&2; exit 100; }; }
case $how$verb in
  rehearsalupgrade) [ "$USER" = root ] || echo 'NOTE: This is only a simulation!'; cat "$state/updates"
    ! grep -q '^E: ' "$state/updates" || exit 100 ;;
  urisupgrade) sed -n "s|^Inst \\([^ ]*\\) .*|'http://archive.ubuntu.com/ubuntu/pool/main/\\1_amd64.deb' \\1_amd64.deb 1490652 SHA256:00|p" "$state/updates" ;;
  realclean) [ "$USER" = root ] || { echo 'E: Could not open lock file /var/cache/apt/archives/lock - open (13: Permission denied)' >&2; exit 100; }
    locked /var/cache/apt/archives/lock
    set_disk packages 12 ;;
  realupgrade)
    [ "$USER" = root ] || { echo 'E: Could not open lock file /var/lib/dpkg/lock-frontend - open (13: Permission denied)' >&2
      echo 'E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), are you root?' >&2; exit 100; }
    locked /var/lib/dpkg/lock-frontend
    [ ! -f "$state/dpkg-audit" ] || { echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." >&2; exit 100; }
    case "$*:$DEBIAN_FRONTEND" in *-y*:noninteractive) ;; *) echo 'Do you want to continue? [Y/n] Abort.'; exit 1 ;; esac
    [ ! -f "$state/apt-fails" ] || { cat "$state/apt-fails" >&2; exit 100; }
    while read -r what name rest; do
      [ "$what" = Inst ] || continue
      echo "Setting up $name ..."
      case $name in ${wantsBoot}) echo '*** System restart required ***' > "$run/reboot-required"; echo "$name" >> "$run/reboot-required.pkgs" ;; esac
    done < "$state/updates"
    grep -v -e '^Inst ' -e '^Conf ' "$state/updates" > "$state/updates.new"; mv "$state/updates.new" "$state/updates" ;;
  *) echo 'apt-get: the nodes of the sandbox are this machine; it is not done here' >&2; exit 1 ;;
esac
`,
  // As one of --wait: it says on its standard error how the unit ended, and ends as that did. What the unit says goes to the journal.
  'systemd-run': `
unit=run-u42
while [ $# -gt 0 ]; do
  case $1 in --unit=*) unit=${'$'}{1#*=} ;; --setenv=*) export "${'$'}{1#*=}" ;; --) shift; break ;; -*) ;; *) break ;; esac
  shift
done
[ "$USER" = root ] || { echo 'Failed to start transient service unit: Interactive authentication required.' >&2; exit 1; }
mkdir -p "$state/units"
mkdir "$state/units/$unit.runs" 2> /dev/null || { echo "Failed to start transient service unit: Unit $unit.service was already loaded or has a fragment file." >&2; exit 1; }
echo "Running as unit: $unit.service" >&2
"$@" > "$state/units/$unit" 2>&1 < /dev/null; code=$?
rmdir "$state/units/$unit.runs"
if [ $code = 0 ]; then result=success; else result=exit-code; fi
printf 'Finished with result: %s\\nMain processes terminated with: code=exited/status=%s\\n' $result $code >&2
exit $code
`,
}
