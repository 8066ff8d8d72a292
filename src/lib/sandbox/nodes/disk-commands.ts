/**
 * What a node says of its disk where its state has `disk`: the kilobytes that are free, and those of the journal, which a vacuum frees. Of
 * the 80 GB of a CX33 (ch01). Without it the machine's own programs answer.
 */
export const diskCommands: Readonly<Record<string, string>> = {
  df: `
[ -f "$state/disk" ] || exec env PATH=/usr/bin:/bin df "$@"
read -r free journal < "$state/disk"
total=78000000; used=$((total - free))
printf 'Filesystem     1024-blocks      Used Available Capacity Mounted on\\n/dev/sda1 %s %s %s %s%% /\\n' $total $used $free $((used * 100 / total))
`,
  du: `
[ -f "$state/disk" ] || exec env PATH=/usr/bin:/bin du "$@"
read -r free journal < "$state/disk"
printf '%sM\\t/var/log/journal\\n%sM\\t/var/lib/rancher\\n' $((journal / 1024)) $(((78000000 - free - journal) / 1024))
`,
  journalctl: `
[ -f "$state/disk" ] || exec env PATH=/usr/bin:/bin journalctl "$@"
read -r free journal < "$state/disk"
case "$*" in
  *--disk-usage*) echo "Archived and active journals take up $((journal / 1024))M in the file system." ;;
  *--vacuum-size*|*--vacuum-time*) echo "$((free + journal - 200000)) 200000" > "$state/disk"
    echo "Vacuuming done, freed $(((journal - 200000) / 1024))M of archived journals from /var/log/journal." ;;
  *) echo '-- No entries --' ;;
esac
`,
}
