/**
 * What a node says of its processors, its memory and its load: those of a CX33 (ch01) that has little to do, and not those of the machine that the
 * sandbox runs on. `load` in its state is another load; how long it is up goes by its own boot.
 */
export const machineCommands: Readonly<Record<string, string>> = {
  nproc: 'echo 4\n',
  // Its configuration, as it says it of itself for whoever asks with -T.
  sshd: `
[ "$USER" = root ] || { echo 'sshd: no hostkeys available -- exiting.' >&2; exit 1; }
case " $* " in *' -T '*) cat "$state/sshd-config" ;; *) echo 'sshd: the nodes of the sandbox are this machine; it is not done here' >&2; exit 1 ;; esac
`,
  getent: `
[ "$1" = passwd ] || exit 1
echo 'root:x:0:0:root:/root:/bin/bash'; echo 'sshd:x:110:65534::/run/sshd:/usr/sbin/nologin'
for home in "$state"/../root/home/*; do [ ! -d "$home" ] || echo "${'$'}{home##*/}:x:1000:1000::/home/${'$'}{home##*/}:/bin/bash"; done
`,
  uptime: String.raw`
load='0.31, 0.28, 0.24'; [ -f "$state/load" ] && load=$(cat "$state/load")
began=$(sed -n 's/^btime //p' "$state/../root/proc/stat"); up=$(($(date +%s) - began)); days=$((up / 86400)); text=
[ $days -gt 0 ] && text="$days days, "
printf ' %s up %s%2d:%02d,  0 users,  load average: %s\n' "$(date +%H:%M:%S)" "$text" $((up % 86400 / 3600)) $((up % 3600 / 60)) "$load"
`,
  free: String.raw`
total=7937228; available=4812604; free=1203180
unit=1; [ "$1" = -b ] && unit=1024
printf '               total        used        free      shared  buff/cache   available\n'
printf 'Mem: %d %d %d 0 %d %d\n' $((total * unit)) $(((total - available) * unit)) $((free * unit)) $(((available - free) * unit)) $((available * unit))
`,
}
