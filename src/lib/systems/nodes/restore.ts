import { serverFolder } from '../../k3s.ts'
import type { KeptDatabase, NodeRestore } from './restore-types.ts'

const config = '/etc/rancher/k3s/config.yaml /etc/rancher/k3s/config.yaml.d/*.yaml'
const key = '^[[:space:]]*["]*server["]*:[[:space:]]*'

/** One round trip, as root. Of k3s' configuration it is told where it joins, and nothing else of it. */
export const restoreScript = `
root sh -c '
for one in ${serverFolder}/db-before-*; do
  [ -d "$one" ] || continue
  reset=no; [ ! -e "$one/reset" ] || reset=yes
  young=no; [ -z "$(find "$one" -maxdepth 0 -mmin -1440)" ] || young=yes
  echo "kept $reset $young $one"
done
[ ! -e ${serverFolder}/db/reset-flag ] || echo reset-flag
[ ! -d ${serverFolder}/db/etcd ] || du -sk ${serverFolder}/db/etcd | sed "s/^/database /"
cat ${config} 2> /dev/null | sed -n "s/${key.replaceAll('"', '\\"')}/by-file /p"
{ tr -d "\\047\\042\\134\\012" < /etc/systemd/system/k3s.service; echo; cat /etc/systemd/system/k3s.service.env; } 2> /dev/null | grep -oE "(--server|K3S_URL)[^h]{1,6}https://[^[:space:]]*" | sed "s/^[^h]*/by-unit /"
echo asked' || exit
echo "k3s $(systemctl is-active k3s)"
`

/** What the script printed; undefined where it is not that. */
export const readRestore = (stdout: string): NodeRestore | undefined => {
  const lines = stdout.split('\n')
  const after = (word: string) =>
    lines.flatMap((line) =>
      line.startsWith(`${word} `)
        ? [
            line
              .slice(word.length + 1)
              .replaceAll(/["']/g, '')
              .trim(),
          ]
        : [],
    )
  const [k3s] = after('k3s')
  if (!lines.includes('asked') || k3s === undefined) return undefined
  const [byFile] = after('by-file')
  const joins = byFile ?? after('by-unit')[0]
  const kilobytes = Number.parseInt(after('database')[0] ?? '', 10)
  return {
    k3s,
    kept: after('kept').flatMap((line) => keptOf(line) ?? []),
    ...(Number.isFinite(kilobytes) && { databaseBytes: kilobytes * 1024 }),
    resetFlag: lines.includes('reset-flag'),
    ...(joins !== undefined && { joins }),
    joinsByFile: byFile !== undefined,
  }
}

const keptOf = (line: string): KeptDatabase | undefined => {
  const [, reset, young, name] = /^(yes|no) (yes|no) .*\/(db-before-[\w.-]+)$/.exec(line) ?? []
  return name === undefined || name.endsWith('.part') ? undefined : { name, reset: reset === 'yes', young: young === 'yes' }
}
