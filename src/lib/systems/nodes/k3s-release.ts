import type { Duration } from '../../clock.ts'
import { type K3sReleaseFile, k3sProgram, k3sProgramOf } from '../../k3s.ts'
import { type ShellLine, sh, words } from '../../shell.ts'
import type { Shown } from '../systems.ts'
import { limitLine } from './limit-line.ts'

/** k3s as it is installed on a node. */
export interface K3sInstalled {
  /** Of /usr/local/bin/k3s; undefined where it is no file of its own, or does not say. */
  readonly version?: string
  /** What systemd starts as k3s: the path of a program. Undefined: it does not say. */
  readonly program?: string
  /** Of the program that was fetched and is not in its place yet. */
  readonly fetchedSha256?: string
  /** What is free where programs go, and where k3s unpacks itself. */
  readonly availableBytes?: number
  /** Why who signs in may not be root, in sudo's words. */
  readonly refusedRoot?: string
}

/** A release as its place shows it to a node. */
export type K3sRelease =
  | { readonly url: string; readonly sha256: string; readonly bytes?: number }
  /** Why it is not to be had from there: the status, or curl's words. */
  | { readonly url: string; readonly because: string }

/** What is put in its place: by the release, and by nothing else. */
export interface K3sFetch {
  readonly url: string
  readonly version: string
  readonly sha256: string
}

export interface K3sReader {
  /** How k3s is installed, and what of that version was fetched. */
  k3sInstalled(alias: string, version: string): Promise<K3sInstalled>
  /** What the place of releases says of a file to the node itself: two requests, and nothing is fetched but the list of checksums. */
  k3sRelease(alias: string, file: K3sReleaseFile): Promise<K3sRelease>
}

/** Both are systemd's work, which a lost connection does not cut off. Throw Failed (`node-refused`) with their last words. */
export interface K3sWriter {
  /** Fetches a release's program beside the one that runs; what has another checksum is thrown away. */
  fetchK3s(alias: string, fetch: K3sFetch): Promise<void>
  /** Removes what was fetched; what runs goes on. */
  dropK3s(alias: string, fetched: { readonly version: string }): Promise<void>
  /** Puts what was fetched into its place, at once as a whole, keeps the one of before beside it, and restarts k3s. */
  upgradeK3s(alias: string, wanted: { readonly version: string }): Promise<void>
}

/** Times in milliseconds. */
export interface K3sProver {
  /** What was fetched is there, with this checksum. */
  k3sFetched(alias: string, wanted: Pick<K3sFetch, 'version' | 'sha256'>): Shown
  /** k3s is active, and its program is of this version. */
  k3sIsOf(alias: string, wanted: { readonly version: string; readonly within: Duration }): Shown
}

/** One round trip, as whoever is let in. */
export const k3sInstalledScript = (version: string): string => `
if [ -f ${k3sProgram} ] && [ ! -L ${k3sProgram} ]; then ${k3sProgram} --version 2> /dev/null | sed -n 's/^k3s version \\([^ ]*\\).*/version \\1/p'; fi
systemctl show -p ExecStart --value k3s 2> /dev/null | sed -n 's/^{ *path=\\([^ ;]*\\).*/program \\1/p'
df -Pk /usr/local/bin /var/lib/rancher/k3s 2> /dev/null | sed '1d;s/^/disk /'
if [ -f ${sh`${k3sProgramOf(version)}`} ]; then sha256sum ${sh`${k3sProgramOf(version)}`} 2> /dev/null | sed 's/ .*//;s/^/fetched /'; fi
if [ "$USER" != root ] && [ "$(id -u)" != 0 ]; then refused=$(sudo -n -l systemd-run 2>&1 > /dev/null) || echo "no-root $refused"; fi
echo asked
`

/** Of the list the first 64 kB: it has some lines. */
export const k3sReleaseScript = ({ url, sums }: K3sReleaseFile): string => `
${limitLine}
said=$(limit 7 curl -sSL -m 6 -w '\\nstatus %{http_code}\\n' ${sh`${sums}`} 2>&1 | head -c 65536)
printf '%s\\n' "$said" | sed 's/^/sums /'
said=$(limit 7 curl -sSIL -m 6 -w '\\nstatus %{http_code}\\n' ${sh`${url}`} 2>&1 | head -c 65536)
printf '%s\\n' "$said" | tr -d '\\r' | sed 's/^/file /'
`

/** What systemd calls it: one of the two at a time. */
const unit = 'honeydue-upgrade'

/** By systemd, and not by the session: a connection that is lost would leave a node without its k3s. No `\${…}` in what it is given: systemd would put its own in. */
const bySystemd = (script: string, name: string, values: readonly string[]): ShellLine =>
  sh`systemd-run --unit=${unit} --wait --collect --property=RuntimeMaxSec=1500 sh -c ${script} ${words([name, ...values])}`

/** There as a whole and with the checksum of the release, or not at all. */
const fetchScript = [
  `set -eu; at=${k3sProgram}-$2`,
  'if test -f "$at" && echo "$3  $at" | sha256sum --check --status; then exit 0; fi',
  'trap "rm -f $at.part" EXIT',
  'curl -fsSL --connect-timeout 10 -m 900 -o "$at.part" "$1" || { echo "E: curl ended with $? for $1"; exit 1; }',
  'sum=$(sha256sum "$at.part" | cut -c1-64); test "$sum" = "$3" || { echo "E: what came has the checksum $sum, and the release says $3"; exit 1; }',
  'chmod 755 "$at.part"; "$at.part" --version | grep -qF "k3s version $2 " || { echo "E: what came does not call itself $2"; exit 1; }',
  'sync "$at.part"; mv -f "$at.part" "$at"',
].join('; ')

/** The one of before stays beside it; a restart that was cut off is made again. */
const swapScript = [
  `set -eu; k3s=${k3sProgram}; version=$1`,
  '"$k3s-$version" --version | grep -qF "k3s version $version " || { echo "E: $k3s-$version is not there"; exit 1; }',
  'set -- $("$k3s" --version); old=$3',
  // What was brought by this stands beside itself already.
  'test "$old" = "$version" || { test "$k3s" -ef "$k3s-$old" || ln -f "$k3s" "$k3s-$old"; rm -f "$k3s.part"; ln "$k3s-$version" "$k3s.part"; mv -f "$k3s.part" "$k3s"; }',
  'systemctl restart k3s || { echo "E: k3s did not start again"; exit 1; }',
].join('; ')

export const fetchK3sLine = ({ url, version, sha256 }: K3sFetch): ShellLine => bySystemd(fetchScript, 'fetch', [url, version, sha256])

export const upgradeK3sLine = (version: string): ShellLine => bySystemd(swapScript, 'upgrade', [version])

/** The last words of either, of what is gone too. */
export const k3sUnitWordsLine = sh`journalctl -u ${unit} -o cat -n 40 --no-pager`

export const dropK3sLine = (version: string): ShellLine => sh`rm -f ${k3sProgramOf(version)}`

export const k3sFetchedLine = ({ version, sha256 }: Pick<K3sFetch, 'version' | 'sha256'>): ShellLine =>
  sh`echo ${`${sha256}  ${k3sProgramOf(version)}`} | sha256sum --check --status`

/** What the script printed; undefined where it is not that. */
export const readK3sInstalled = (stdout: string): K3sInstalled | undefined => {
  const lines = stdout.split('\n')
  if (!lines.includes('asked')) return undefined
  const after = (word: string) => lines.find((line) => line.startsWith(`${word} `))?.slice(word.length + 1)
  const free = lines.flatMap((line) => /^disk .*\s(\d+)\s+\d+%\s+\/\S*$/.exec(line)?.[1] ?? []).map(Number)
  const [version, program, fetchedSha256, refused] = [after('version'), after('program'), after('fetched'), after('no-root')]
  return {
    ...(version !== undefined && { version }),
    ...(program !== undefined && { program }),
    ...(fetchedSha256 !== undefined && { fetchedSha256 }),
    ...(free.length > 0 && { availableBytes: Math.min(...free) * 1024 }),
    ...(refused !== undefined && { refusedRoot: refused || 'sudo said nothing' }),
  }
}

/** What the place of the release said to both questions. */
export const readK3sRelease = (stdout: string, { file, url, sums }: K3sReleaseFile): K3sRelease => {
  const lines = stdout.split('\n')
  const of = (word: string) => lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  const refusal = (said: readonly string[], place: string): string | undefined => {
    const status = said.findLast((line) => line.startsWith('status '))?.slice('status '.length)
    if (status === '200') return undefined
    return status === undefined || status === '000'
      ? `${place}: ${said.find((line) => line.startsWith('curl: ')) ?? 'no answer in time'}`
      : `${place} answers ${status}`
  }
  const [list, head] = [of('sums'), of('file')]
  const because = refusal(list, sums) ?? refusal(head, url)
  if (because !== undefined) return { url, because }
  const sha256 = list.map((line) => /^([0-9a-f]{64}) [ *](\S+)$/.exec(line)).find((found) => found?.[2] === file)?.[1]
  if (sha256 === undefined) return { url, because: `${sums} has no checksum of ${file}` }
  const length = Number(head.findLast((line) => /^content-length:/i.test(line))?.split(':')[1])
  return { url, sha256, ...(Number.isFinite(length) && length > 0 && { bytes: length }) }
}
