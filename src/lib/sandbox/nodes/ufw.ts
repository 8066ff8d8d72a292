import { ufwShow } from './ufw-show.ts'

/** What it prints below a misuse. */
const usage = `
Usage: ufw COMMAND

Commands:
 enable                          enables the firewall
 disable                         disables the firewall
 default ARG                     set default policy
 logging LEVEL                   set logging to LEVEL
 allow ARGS                      add allow rule
 deny ARGS                       add deny rule
 reject ARGS                     add reject rule
 limit ARGS                      add limit rule
 delete RULE|NUM                 delete RULE
 insert NUM RULE                 insert RULE at NUM
 prepend RULE                    prepend RULE
 route RULE                      add route RULE
 route delete RULE|NUM           delete route RULE
 route insert NUM RULE           insert route RULE at NUM
 reload                          reload firewall
 reset                           reset firewall
 status                          show firewall status
 status numbered                 show firewall status as numbered list of RULES
 status verbose                  show verbose firewall status
 show ARG                        show firewall report
 version                         display version information

Application profile commands:
 app list                        list application profiles
 app info PROFILE                show information on PROFILE
 app update PROFILE              update PROFILE
 app default ARG                 set default application policy
`

/**
 * `ufw` 0.36.2 as POSIX sh over two rule files (`rules4`, `rules6`: one `action|direction|protocol|from|port|to|comment` a line). It prints and exits as the real
 * one does: deleting an absent rule exits 0, adding again without a comment erases the comment, IPv6 sources carry no "(v6)".
 */
export const ufw = String.raw`
dir="$state/ufw"; force=no
enabled() { [ "$(cat "$dir/enabled")" = yes ]; }
die() { echo "ERROR: $1" >&2; exit 1; }
misused() { echo "ERROR: $1" >&2; cat <<'EOT'
${usage}
EOT
exit 1; }
${ufwShow}
pick() { if [ "$2" = "$wanted" ]; then picked="$1"; spoken; echo "$1|$line|$action|$way|$proto|$from|$port|$to|$comment"; fi; }

# Adds, replaces or removes ($remove=yes) the rule n_* in one family, and says what real ufw says.
settle() {
  f="$dir/rules$1"; found=no; changed=no; next="$dir/next$1"; : > "$next"
  while IFS='|' read -r action way proto from port to comment; do
    same=no
    [ "$way|$proto|$from|$port|$to" = "$n_way|$n_proto|$n_from|$n_port|$n_to" ] && same=yes
    if [ $same = yes ] && [ "$action" = "$n_action" ] && [ "$comment" = "$n_comment" ] && [ $found = no ]; then
      found=yes; [ $remove = yes ] && continue
    elif [ $same = yes ] && [ $remove = yes ] && [ "$action" = "$n_action" ] && [ -z "$n_comment" ]; then found=yes; continue
    elif [ $same = yes ] && [ $remove = no ]; then found=yes; changed=yes; action=$n_action; comment=$n_comment; fi
    echo "$action|$way|$proto|$from|$port|$to|$comment" >> "$next"
  done < "$f"
  v6=$(tail_v6 "$1")
  if [ $remove = yes ] && [ $found = no ]; then echo "Could not delete non-existent rule$v6"; rm -f "$next"; return; fi
  if [ $remove = no ] && [ $found = yes ] && [ $changed = no ]; then echo "Skipping adding existing rule$v6"; rm -f "$next"; return; fi
  entry="$n_action|$n_way|$n_proto|$n_from|$n_port|$n_to|$n_comment"
  if [ $found = no ]; then
    if [ "$position" -gt 0 ]; then { head -n $((position - 1)) "$f"; echo "$entry"; tail -n +"$position" "$f"; } > "$next"; else echo "$entry" >> "$next"; fi
  fi
  mv "$next" "$f"
  if ! enabled; then echo "Rules updated$v6"
  elif [ $remove = yes ]; then echo "Rule deleted$v6"
  elif [ $changed = yes ]; then echo "Rule updated$v6"
  elif [ "$position" -gt 0 ]; then echo "Rule inserted$v6"
  else echo "Rule added$v6"; fi
}
# 255.255.240.0 as 20.
bits_of() { count=0; for part in $(echo "$1" | tr . ' '); do while [ "$part" -gt 0 ]; do count=$((count + (part & 1))); part=$((part >> 1)); done; done; echo $count; }
# Sets address to $1 as ufw keeps it: without a mask that is one address, the network for a mask, small letters.
normal() {
  address=$(printf '%s' "$1" | tr A-Z a-z); given=$address
  case $address in
    any) return ;;
    ::/0) address=any; return ;;
    *:*) address=${'$'}{address%/128}; return ;;
    */*) mask=${'$'}{address#*/}; base=${'$'}{address%/*} ;;
    *) mask=32; base=$address ;;
  esac
  case $mask in *.*.*.*) mask=$(bits_of "$mask") ;; esac
  case $base/$mask in *[!0-9./]*|*..*|.*|*./*) die 'Bad source address' ;; esac
  IFS=. read -r a b c d rest <<EOT
$base
EOT
  for part in "${'$'}{a:-999}" "${'$'}{b:-999}" "${'$'}{c:-999}" "${'$'}{d:-999}"; do [ "$part" -le 255 ] || die 'Bad source address'; done
  [ -z "$rest" ] && [ "$mask" -le 32 ] || die 'Bad source address'
  all=$((((a << 24) | (b << 16) | (c << 8) | d) & (0xffffffff << (32 - mask)) & 0xffffffff))
  address=$((all >> 24)).$((all >> 16 & 255)).$((all >> 8 & 255)).$((all & 255))
  [ "$address" = "$base" ] || echo 'WARN: Rule changed after normalization' >&2
  [ "$mask" = 32 ] || address=$address/$mask
  [ "$address" = 0.0.0.0/0 ] && address=any
}
port_of() { case $1 in */tcp|*/udp) n_port=${'$'}{1%/*}; n_proto=${'$'}{1#*/} ;; *) n_port=$1 ;; esac
  # As /etc/services has them: https for both protocols.
  case $n_port in ssh) n_port=22; n_proto=tcp ;; http) n_port=80; n_proto=tcp ;; https) n_port=443 ;; esac
  case $n_port in [0-9]*/*) die 'Bad port' ;; ''|*[!0-9:,]*) die "Could not find a profile matching '$1'" ;; esac
  for part in $(echo "$n_port" | tr ':,' '  '); do [ "$part" -le 65535 ] || die 'Bad port'; done; }
rule() {
  n_action=$1; n_way=in; n_proto=any; n_from=any; n_port=any; n_to=any; n_comment=; shift
  case $1 in in|out) n_way=$1; shift; if [ "$1" = on ]; then n_way=${'$'}{n_way}_$2; shift 2; [ $# -gt 0 ] || set -- to any; fi ;; esac
  [ $# -gt 0 ] || misused 'Invalid syntax'
  if { [ $# = 1 ] || [ "$2" = comment ]; } && profile "$1"; then n_port="app:$1"; n_proto=tcp; shift; fi
  case $#:$1 in 1:from|1:to|1:proto|1:port|1:comment) die "Could not find a profile matching '$1'" ;; esac
  while [ $# -gt 0 ]; do
    word=$1; shift
    case $word in
      proto|from|to|port|app|comment) [ $# -gt 0 ] || die 'Wrong number of arguments'; value=$1; shift ;;
      *) port_of "$word"; continue ;;
    esac
    case $word in
      proto) case $value in tcp|udp|any|ah|esp|gre|igmp|ipv6) n_proto=$value ;; *) die "Unsupported protocol '$value'" ;; esac ;; from) n_from=$value ;; to) n_to=$value ;; comment) n_comment=$value ;;
      app) profile "$value" || die "Could not find a profile matching '$value'"; n_port="app:$value"; n_proto=tcp ;;
      port) case $value in ssh) value=22 ;; http) value=80 ;; https) value=443 ;; esac
        case $value in *[!0-9:,]*) die "Bad port '$value'" ;; esac; n_port=$value ;;
    esac
  done
  for address in "$n_from" "$n_to"; do case $address in any|*[0-9].*|*:*) ;; *) die 'Bad source address' ;; esac; done
  case $n_port:$n_proto in app:*) ;; *[:,]*:any) die "Must specify 'tcp' or 'udp' with multiple ports" ;; esac
  named=$n_from$n_to
  normal "$n_from"; n_from=$address; normal "$n_to"; n_to=$address
  case $n_from$n_to in *:*) case $n_from$n_to in *.*) die "Mixed IP versions for 'from' and 'to'" ;; esac ;; esac
  families='4 6'
  if ! grep -q '^IPV6=yes' "$dir/defaults"; then
    families=4
    case $n_from$n_to in *:*) die 'IPv6 support not enabled' ;; esac
  fi
  case $named in *:*) families=6 ;; *.*) families=4 ;; esac
  if [ "$position" -gt 0 ]; then
    place=$position
    case $families in
      '4 6') twin=$(sed -n "${'$'}{position}p" "$dir/rules4" | grep -nxF -f - "$dir/rules6" | head -n 1 | cut -d: -f1) ;;
      6) place=$((position - $(wc -l < "$dir/rules4"))); [ "$place" -gt 0 ] || die "Invalid position '$position'" ;;
    esac
  fi
  for family in $families; do
    # In the other family it goes before the twin of the rule that it goes before here.
    if [ "$position" -gt 0 ]; then case $families:$family in '4 6:6') position=${'$'}{twin:-0} ;; *) position=$place ;; esac; fi
    settle $family
  done
}

case $1 in --force) force=yes; shift ;; --version|version) echo 'ufw 0.36.2'; echo 'Copyright 2008-2023 Canonical Ltd.'; exit 0 ;; esac
[ $# -gt 0 ] || misused 'not enough args'
verb=$1; shift; remove=no; position=0
case $verb in
  status) case $1 in '') status plain ;; verbose|numbered) status "$1" ;; *) misused 'Invalid syntax' ;; esac ;;
  show) [ "$1" = added ] || misused 'Invalid syntax'
    echo "$w_added"
    if [ -s "$dir/rules4" ] || [ -s "$dir/rules6" ]; then seen=; each added_row; else echo "$w_none"; fi ;;
  app) [ "$1" = info ] && [ $# = 2 ] || misused 'Invalid syntax'
    if [ "$2" != all ]; then app_info "$2"; exit; fi
    separator=no
    for one in OpenSSH WWW 'WWW Cache' 'WWW Full' 'WWW Secure'; do
      [ $separator = no ] || printf '\n--\n\n'
      app_info "$one"; separator=yes
    done ;;
  enable) echo yes > "$dir/enabled"; echo 'Firewall is active and enabled on system startup' ;;
  disable) echo no > "$dir/enabled"; echo 'Firewall stopped and disabled on system startup' ;;
  default) misled() { misused 'Invalid syntax'; }
    case $1 in allow|deny|reject) ;; *) misled ;; esac
    case ${'$'}{2:-incoming} in incoming) at=1 ;; outgoing) at=2 ;; *) misled ;; esac
    IFS=, read -r one two three < "$dir/default"
    case $at in 1) one="$1 (incoming)" ;; 2) two=" $1 (outgoing)" ;; esac
    echo "$one,$two,$three" > "$dir/default"
    printf "Default %s policy changed to '%s'\n(be sure to update your rules accordingly)\n" "${'$'}{2:-incoming}" "$1" ;;
  reload) if enabled; then echo 'Firewall reloaded'; else echo 'Firewall not enabled (skipping reload)'; fi ;;
  allow|deny|reject|limit) rule $verb "$@" ;;
  prepend) position=1
    case "$*" in *:*:*) position=$(($(wc -l < "$dir/rules4") + 1)); [ -s "$dir/rules6" ] || position=0 ;; *) [ -s "$dir/rules4" ] || position=0 ;; esac
    rule "$@" ;;
  insert) [ $# -gt 1 ] || misused 'Invalid syntax'
    position=$1; shift
    case $position in
      *[!0-9]*) die "Insert position '$position' is not a valid position" ;;
      0) die "Cannot insert rule at position '0'" ;;
    esac
    [ "$position" -le "$(cat "$dir/rules4" "$dir/rules6" | wc -l)" ] || die "Invalid position '$position'"
    rule "$@" ;;
  delete) remove=yes
    case $1 in
      '') misused 'Invalid syntax' ;;
      *[!0-9]*) rule "$@" ;;
      *) wanted=$1; hit=$(each pick); [ -n "$hit" ] || die "Could not find rule '$wanted'"
        answer=y
        if [ $force = no ]; then
          printf 'Deleting:\n %s\nProceed with operation (y|n)? ' "$(printf '%s' "$hit" | cut -d'|' -f2)"; answer=; read -r answer
        fi
        case $answer in
          y|Y|yes) IFS='|' read -r family line n_action n_way n_proto n_from n_port n_to n_comment <<EOT
$hit
EOT
            settle "$family" ;;
          *) echo Aborted ;;
        esac ;;
    esac ;;
  *) misused 'Invalid syntax' ;;
esac
`
