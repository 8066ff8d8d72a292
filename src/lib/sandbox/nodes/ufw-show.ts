import { ufwWords } from './ufw-words.ts'

/**
 * How `ufw` shows its rules: the status table in its three forms, and the command lines of `show added`. A rule's direction is `in`, `out`, or with its
 * interface `in_eth0`; its port of an application profile is `app:NAME`.
 */
export const ufwShow = String.raw`
${ufwWords}
tail_v6() { [ "$1" = 6 ] && printf ' (v6)'; }
# Sets app_ports of a profile; fails for one that is not known.
profile() { case $1 in WWW) app_ports=80/tcp ;; 'WWW Secure') app_ports=443/tcp ;; 'WWW Full') app_ports=80,443/tcp ;; 'WWW Cache') app_ports=8080/tcp ;; OpenSSH) app_ports=22/tcp ;; *) return 1 ;; esac; }
app_info() {
  profile "$1" || die "Could not find profile '$1'"
  case $1 in WWW) title='Web Server' ;; 'WWW Secure') title='Web Server (HTTPS)' ;; 'WWW Full') title='Web Server (HTTP,HTTPS)' ;; 'WWW Cache') title='Web Server (8080)' ;; *) title='Secure shell server, an rshd replacement' ;; esac
  about=$title; [ "$1" = OpenSSH ] && about='OpenSSH is a free implementation of the Secure Shell protocol.'
  ports=Port; case $app_ports in *,*) ports=Ports ;; esac
  printf 'Profile: %s\nTitle: %s\nDescription: %s\n\n%s:\n  %s\n' "$1" "$title" "$about" "$ports" "$app_ports"
}

# Sets place_to and place_from of the current rule, as the status table shows them.
places() {
  any=0.0.0.0/0; anywhere=Anywhere; on_to=; on_from=
  if [ "$1" = 6 ]; then any=::/0; anywhere='Anywhere (v6)'; fi
  case $way in in_*) on_to=" on ${'$'}{way#*_}" ;; out_*) on_from=" on ${'$'}{way#*_}" ;; esac
  place_to=; place_from=$from
  [ "$to" = any ] || place_to=$to
  if [ "$port" != any ]; then
    tail=; if [ "$1" = 6 ] && [ "$from" = any ] && [ "$to" = any ]; then tail=' (v6)'; fi
    case $port in
      app:*) name=${'$'}{port#app:}; place_to="$place_to${'$'}{place_to:+ }$name$tail"
        if [ "$mode" = verbose ]; then profile "$name"; place_to="$app_ports ($place_to)"; fi ;;
      *) place_to="$place_to${'$'}{place_to:+ }$port"; [ "$proto" = any ] || place_to="$place_to/$proto"; place_to=$place_to$tail ;;
    esac
  elif [ "$to" = any ]; then place_to=$anywhere; fi
  if [ "$from" = any ]; then place_from=$anywhere
  elif [ "$port" = any ] && [ "$proto" != any ]; then place_from="$from/$proto"; fi
  place_to=$place_to$on_to; place_from=$place_from$on_from
}
spoken() { # the current rule as a command line
  line=$action; what="port $port"
  case $way in in_*|out_*) line="$line ${'$'}{way%%_*} on ${'$'}{way#*_}" ;; out) line="$line out" ;; esac
  case $port in app:*) what="app '${'$'}{port#app:}'"; case $port in *' '*) ;; *) what="app ${'$'}{port#app:}" ;; esac ;; esac
  case $from:$to:$port:$way in
    any:any:any:*_*) ;;
    any:any:app:*:in|any:any:app:*:out) line="$line ${'$'}{what#app }" ;;
    any:any:[0-9]*:in|any:any:[0-9]*:out) line="$line $port"; [ "$proto" = any ] || line="$line/$proto" ;;
    *) [ "$from" = any ] || line="$line from $from"
      if [ "$to" != any ] || [ "$port" != any ]; then line="$line to $to"; [ "$port" = any ] || line="$line $what"; fi
      case $line in *' to '*|*' from '*) ;; *) line="$line to any" ;; esac
      case $port in app:*) ;; *) [ "$proto" = any ] || line="$line proto $proto" ;; esac ;;
  esac
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
  # Nothing here starts a process: a node has some twenty rules, and its report is read often.
  if [ "$mode" != numbered ] && [ "$pass" != "${'$'}{way%%_*}" ]; then return; fi
  places "$1"
  case $action in allow) big=ALLOW ;; deny) big=DENY ;; reject) big=REJECT ;; *) big=LIMIT ;; esac
  prefix=; note=; dirword=
  case $mode:$way in
    numbered:out*) note=' (out)'; dirword=OUT ;;
    *:out*) dirword=OUT ;;
    numbered:*|verbose:in*) dirword=IN ;;
  esac
  if [ "$mode" = numbered ]; then if [ "$2" -lt 10 ]; then prefix="[ $2] "; else prefix="[$2] "; fi; fi
  printf '%s%-26s %-12s%-26s%s%s\n' "$prefix" "$place_to" "$big $dirword" "$place_from" "$note" "${'$'}{comment:+ # $comment}"
}
status() {
  mode=$1
  if ! enabled; then echo "$w_inactive"; return; fi
  echo "$w_active"
  [ "$mode" = verbose ] && defaults
  if [ -s "$dir/rules4" ] || [ -s "$dir/rules6" ]; then
    echo; pad=; [ "$mode" = numbered ] && pad='     '
    printf '%s%s\n' "$pad" "$w_head" "$pad" "$w_line"
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
`
