/**
 * `ufw` 0.36.2 as POSIX sh over two rule files (`rules4`, `rules6`: one `action|direction|protocol|from|port|to|comment` a line). It prints and exits as the real
 * one does: deleting an absent rule exits 0, adding again without a comment erases the comment, IPv6 sources carry no "(v6)".
 */
export const ufw = String.raw`
dir="$state/ufw"; force=no
enabled() { [ "$(cat "$dir/enabled")" = yes ]; }
die() { echo "ERROR: $1" >&2; exit 1; }
tail_v6() { [ "$1" = 6 ] && printf ' (v6)'; }

# Sets place_to and place_from of the current rule, as the status table shows them.
places() {
  any=0.0.0.0/0; [ "$1" = 6 ] && any=::/0
  place_to=; place_from=$from
  [ "$to" = any ] || place_to=$to
  if [ "$port" != any ]; then
    place_to="$place_to${'$'}{place_to:+ }$port"
    [ "$proto" = any ] || place_to="$place_to/$proto"
    if [ "$1" = 6 ] && [ "$from" = any ] && [ "$to" = any ]; then place_to="$place_to (v6)"; fi
  elif [ "$to" = any ]; then place_to=Anywhere$(tail_v6 "$1"); fi
  if [ "$from" = any ]; then place_from=Anywhere$(tail_v6 "$1")
  elif [ "$port" = any ] && [ "$proto" != any ]; then place_from="$from/$proto"; fi
}
spoken() { # the current rule as a command line
  if [ "$from" = any ] && [ "$to" = any ] && [ "$port" != any ]; then
    line=$action; [ "$way" = out ] && line="$line out"
    line="$line $port"; [ "$proto" = any ] || line="$line/$proto"
  else
    line=$action; [ "$way" = out ] && line="$line out"
    [ "$from" = any ] || line="$line from $from"
    if [ "$to" != any ] || [ "$port" != any ]; then line="$line to $to"; [ "$port" = any ] || line="$line port $port"; fi
    case $line in *' to '*|*' from '*) ;; *) line="$line to any" ;; esac
    [ "$proto" = any ] || line="$line proto $proto"
  fi
  [ -z "$comment" ] || line="$line comment '$comment'"
}
each() { # calls $1 FAMILY NUMBER for every rule in order
  number=0
  for family in 4 6; do
    while IFS='|' read -r action way proto from port to comment; do
      number=$((number + 1)); "$1" "$family" "$number"
    done < "$dir/rules$family"
  done
}
row() {
  places "$1"; big=$(printf '%s' "$action" | tr a-z A-Z)
  case $mode:$way in
    numbered:out) prefix=$(printf '[%2d] ' "$2")' '; note=' (out)'; dirword=OUT ;;
    numbered:*) prefix=$(printf '[%2d] ' "$2")' '; note=; dirword=IN ;;
    *:out) prefix=; note=; dirword=OUT ;;
    verbose:in) prefix=; note=; dirword=IN ;;
    *) prefix=; note=; dirword= ;;
  esac
  [ "$mode" = numbered ] && prefix=$(printf '[%2d]' "$2")' '
  if [ "$mode" != numbered ] && [ "$pass" != "$way" ]; then return; fi
  printf '%s%-26s %-12s%-26s%s%s\n' "$prefix" "$place_to" "$big $dirword" "$place_from" "$note" "${'$'}{comment:+ # $comment}"
}
status() {
  mode=$1
  if ! enabled; then echo 'Status: inactive'; return; fi
  echo 'Status: active'
  [ "$mode" = verbose ] && printf 'Logging: %s\nDefault: %s\nNew profiles: skip\n' "$(cat "$dir/logging")" "$(cat "$dir/default")"
  if [ -s "$dir/rules4" ] || [ -s "$dir/rules6" ]; then
    echo; pad=; [ "$mode" = numbered ] && pad='     '
    printf '%s%-26s %-12s%s\n' "$pad" To Action From "$pad" -- ------ ----
    pass=in; each row
    if [ "$mode" != numbered ]; then pass=out; out=$(each row); [ -z "$out" ] || printf '\n%s\n' "$out"; fi
    echo
  fi
}
added_row() { spoken; case $seen in *"
$line
"*) ;; *) seen="$seen
$line
"; echo "ufw $line" ;; esac; }
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
port_of() { case $1 in */tcp|*/udp) n_port=${'$'}{1%/*}; n_proto=${'$'}{1#*/} ;; *) n_port=$1 ;; esac
  case $n_port in ssh) n_port=22; n_proto=tcp ;; http) n_port=80; n_proto=tcp ;; https) n_port=443; n_proto=tcp ;; esac
  case $n_port in ''|*[!0-9:,]*) die "Could not find a profile matching '$1'" ;; esac; }
rule() {
  n_action=$1; n_way=in; n_proto=any; n_from=any; n_port=any; n_to=any; n_comment=; shift
  case $1 in in|out) n_way=$1; shift ;; esac
  [ $# -gt 0 ] || die 'not enough args'
  while [ $# -gt 0 ]; do
    word=$1; shift
    case $word in
      proto|from|to|port|comment) [ $# -gt 0 ] || die "Invalid syntax"; value=$1; shift ;;
      *) port_of "$word"; continue ;;
    esac
    case $word in
      proto) n_proto=$value ;; from) n_from=$value ;; to) n_to=$value ;; comment) n_comment=$value ;;
      port) case $value in *[!0-9:,]*) die "Bad port '$value'" ;; esac; n_port=$value ;;
    esac
  done
  for address in "$n_from" "$n_to"; do case $address in any|*[0-9].*|*:*) ;; *) die 'Bad source address' ;; esac; done
  families='4 6'
  case $n_from$n_to in *:*) families=6 ;; *.*) families=4 ;; esac
  for family in $families; do settle $family; done
}

case $1 in --force) force=yes; shift ;; --version|version) echo 'ufw 0.36.2'; echo 'Copyright 2008-2023 Canonical Ltd.'; exit 0 ;; esac
[ $# -gt 0 ] || die 'not enough args'
verb=$1; shift; remove=no; position=0
case $verb in
  status) case $1 in '') status plain ;; verbose|numbered) status "$1" ;; *) die 'Invalid syntax' ;; esac ;;
  show) [ "$1" = added ] || die 'Invalid syntax'
    echo "Added user rules (see 'ufw status' for running firewall):"
    if [ -s "$dir/rules4" ] || [ -s "$dir/rules6" ]; then seen=; each added_row; else echo '(None)'; fi ;;
  enable) echo yes > "$dir/enabled"; echo 'Firewall is active and enabled on system startup' ;;
  disable) echo no > "$dir/enabled"; echo 'Firewall stopped and disabled on system startup' ;;
  reload) if enabled; then echo 'Firewall reloaded'; else echo 'Firewall not enabled (skipping reload)'; fi ;;
  allow|deny|reject|limit) rule $verb "$@" ;;
  insert) position=$1; shift; case $position in ''|*[!0-9]*) die "Invalid position '$position'" ;; esac; rule "$@" ;;
  delete) remove=yes
    case $1 in
      '') die 'not enough args' ;;
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
  *) die 'Invalid syntax' ;;
esac
`
