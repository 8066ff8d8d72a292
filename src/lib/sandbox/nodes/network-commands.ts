import { etcdAnswers } from './etcd-commands.ts'
import { releaseAnswers } from './k3s-releases.ts'

/** The address that a word of a command line names is the node's own: sets $own to the local port where that port of the node really is. */
const ownPort = `
own_port() { # HOST PORT
  own=
  case $1 in 127.0.0.1|localhost|'[::1]'|"$(cat "$state/address")"|"$(cat "$state/hostname")") [ -f "$state/../ports/$2" ] && own=$(cat "$state/../ports/$2") ;; esac
  [ -n "$own" ]
}
real() { PATH=${'$'}{PATH#*:}; export PATH; }
`

/** Every node's, beside the IPv4 address that the book names. */
export const nodeAddress6 = '2a01:4f8::152'

/** Commands that look at the network from a node: its own ports are elsewhere on this machine, and nothing beyond this machine is reached. */
export const networkCommands: Readonly<Record<string, string>> = {
  openssl: `${ownPort}
left=$#; before=
while [ $left -gt 0 ]; do
  word=$1; shift; left=$((left - 1))
  if [ "$before" = -connect ]; then
    if own_port "${'$'}{word%:*}" "${'$'}{word##*:}"; then word=127.0.0.1:$own
    else echo "connect: the nodes of the sandbox reach no other machine" >&2; exit 1; fi
  fi
  before=$word; set -- "$@" "$word"
done
real; exec openssl "$@"
`,
  curl: `${etcdAnswers}${releaseAnswers}${ownPort}
found=; before=
for word in "$@"; do
  case $before in --resolve) rest=${'$'}{word#*:}; own_port "${'$'}{rest#*:}" "${'$'}{rest%%:*}" && found="${'$'}{rest%%:*} $own" ;;
    --connect-to) rest=${'$'}{word#*:*:}; own_port "${'$'}{rest%:*}" "${'$'}{rest##*:}" && found="443 $own" ;; esac
  case $word in https://127.0.0.1/*|https://localhost/*|https://127.0.0.1|https://localhost) own_port 127.0.0.1 443 && found="443 $own" ;; esac
  before=$word
done
[ -n "$found" ] || { echo 'curl: (6) Could not resolve host: the nodes of the sandbox reach no other machine' >&2; exit 6; }
real; exec curl --connect-to ":${'$'}{found% *}:127.0.0.1:${'$'}{found#* }" "$@"
`,
  // One interface to the outside, as Hetzner's machines have it, for both families.
  ip: String.raw`
case "$*" in
  *'route show default'*) case "$*" in *-6*) echo 'default via fe80::1 dev eth0 proto static metric 1024 onlink' ;; *) echo 'default via 172.31.1.1 dev eth0 proto dhcp src '"$(cat "$state/address")"' metric 100' ;; esac ;;
  *'-o addr show'*) printf '2: eth0    inet %s/32 metric 100 scope global dynamic eth0\       valid_lft 60000sec preferred_lft 60000sec\n' "$(cat "$state/address")"
    echo '2: eth0    inet6 ${nodeAddress6}/64 scope global \       valid_lft forever preferred_lft forever'
    echo '4: cni0    inet 10.42.0.1/24 brd 10.42.0.255 scope global cni0\       valid_lft forever preferred_lft forever' ;;
  *) echo 'Object is unknown, try "ip help".' >&2; exit 1 ;;
esac
`,
  ss: String.raw`
header=yes; established=no; wanted=
for word in "$@"; do
  case $word in
    --no-header) header=no ;; --*) ;;
    -*) case $word in *H*) header=no ;; esac ;;
    established) established=yes ;;
    *:443*|*:https*) wanted=443 ;; *sport*|*dport*) case $word in *443*|*https*) wanted=443 ;; *[0-9]*) wanted=other ;; esac ;;
  esac
done
column=; [ $established = yes ] || column='State  '
[ $header = no ] || printf '%sRecv-Q Send-Q   Local Address:Port     Peer Address:Port Process\n' "$column"
[ "$wanted" = other ] && exit 0
[ -f "$state/peers443" ] || exit 0
while read -r peer port; do
  [ $established = yes ] || printf 'ESTAB  '
  printf '0      0      %s:443 %s:%s\n' "$(cat "$state/address")" "$peer" "$port"
done < "$state/peers443"
`,
}
