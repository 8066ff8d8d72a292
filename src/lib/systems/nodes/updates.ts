import { sh, words } from '../../shell.ts'
import { fileSystemsOf } from './disk.ts'
import type { FileSystem } from './disk-types.ts'
import { limitLine } from './limit-line.ts'

/** A package that apt would bring to another version. */
export interface PendingPackage {
  readonly name: string
  /** The version that is installed; without it the package is new, as a kernel is. */
  readonly from?: string
  readonly to: string
  /** It comes from the distribution's security updates. */
  readonly security: boolean
}

/** What apt of a node would do, and what waits for a boot. */
export interface NodeUpdates {
  /** Undefined where it could not be asked: the reason in apt's words. */
  readonly packages?: readonly PendingPackage[]
  readonly refused?: string
  /** Seconds since the lists of packages were fetched: what is pending is as old. */
  readonly listsAgeSeconds?: number
  /** Whether unattended-upgrades is to run, and seconds since it last did. Undefined: apt does not say. */
  readonly unattended?: boolean
  readonly ranAgeSeconds?: number
  /** Something wants a boot; of which packages, where that is known. */
  readonly rebootRequired: boolean
  readonly rebootFor: readonly string[]
  /** Pending, and left as they are: held by somebody, not before their time (phased), or at the price of another package. */
  readonly keptBack: readonly string[]
  /** Who holds dpkg's lock: a number of a process, and its name where it is known. */
  readonly lockedBy?: string
  /** What of dpkg was cut off in mid-work, or is half installed. */
  readonly halfDone?: string
  /** What is to be fetched for it. */
  readonly downloadBytes?: number
  /** Where packages go: /, and /var, /usr and /boot where they are their own. */
  readonly fileSystems: readonly FileSystem[]
  /** Why who signs in may not be root, in sudo's words. */
  readonly refusedRoot?: string
}

/** One round trip, as whoever is let in: a rehearsal of apt needs no root and takes no lock. */
export const updatesScript = `
if ! command -v apt-get > /dev/null; then echo 'apt none'; exit 0; fi
${limitLine}
since() { at=$(stat -c %Y "$2" 2> /dev/null) && echo "$1 $(($(date +%s) - at))"; }
since lists /var/lib/apt/lists
since ran /var/lib/apt/periodic/unattended-upgrades-stamp
apt-config dump APT::Periodic::Unattended-Upgrade 2> /dev/null | sed 's/^/config /'
[ ! -e /var/run/reboot-required ] || echo 'reboot yes'
sed 's/^/reboot-for /' /var/run/reboot-required.pkgs 2> /dev/null
df -B1 --output=target,size,used,avail,itotal,iused / /var /usr /boot 2> /dev/null | sed '1d;s/^/fs /'
for lock in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock; do
  inode=$(stat -c %i "$lock" 2> /dev/null) || continue
  pid=$(sed -n "s/^[0-9]*: [A-Z]* *[A-Z]* *WRITE *\\([0-9][0-9]*\\) [0-9a-f]*:[0-9a-f]*:$inode .*/\\1/p" /proc/locks | head -n 1)
  [ -z "$pid" ] || { echo "locked $pid $(cat "/proc/$pid/comm" 2> /dev/null)"; break; }
done
ls /var/lib/dpkg/updates 2> /dev/null | grep -q '^[0-9]' && echo 'cut-off yes'
dpkg --audit 2> /dev/null | sed -n 's/^ \\([^ ][^ ]*\\).*/half \\1/p'
if [ "$USER" != root ] && [ "$(id -u)" != 0 ]; then refused=$(sudo -n -l systemd-run 2>&1 > /dev/null) || echo "no-root $refused"; fi
said=$(LC_ALL=C limit 8 apt-get -s -o Debug::NoLocking=true --with-new-pkgs upgrade 2>&1) && echo 'apt answered'
printf '%s\\n' "$said"
case $said in *'Inst '*) limit 5 apt-get --print-uris -qq -o Debug::NoLocking=true --with-new-pkgs upgrade 2> /dev/null | awk '{ sum += $3 } END { printf "download %.0f\\n", sum }' ;; esac
:
`

/** What nobody is asked for: configuration files stay as they are here, and a lock is waited for. */
const unattended = [
  '-y',
  ...['DPkg::Lock::Timeout=120', 'Dpkg::Options::=--force-confdef', 'Dpkg::Options::=--force-confold'].flatMap((option) => ['-o', option]),
]

/** What systemd calls the upgrade. */
const updateUnit = 'honeydue-update'

/** By systemd, and not by the session: a connection that is lost would cut dpkg off in mid-work. */
export const updateLine = sh`systemd-run --unit=${updateUnit} --wait --collect --setenv=DEBIAN_FRONTEND=noninteractive --setenv=NEEDRESTART_MODE=a apt-get ${words(unattended)} --with-new-pkgs upgrade`

/** The last words of the upgrade, of what is gone too. */
export const updateWordsLine = sh`journalctl -u ${updateUnit} -o cat -n 40 --no-pager`

export const rebootWhereAskedLine = sh`sh -c ${'test ! -e /var/run/reboot-required || systemctl reboot'}`

/** Nothing is pending, and nothing waits for a boot. */
export const upToDateLine = sh`test ! -e /var/run/reboot-required && said=$(LC_ALL=C apt-get -s -o Debug::NoLocking=true --with-new-pkgs upgrade) && case $said in *'Inst '*) false ;; esac`

/** What the script printed; undefined where it is not that. As apt 2.6 writes it: `Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])`. */
export const readUpdates = (stdout: string): NodeUpdates | undefined => {
  const lines = stdout.split('\n')
  const after = (word: string) => lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  const seconds = (word: string) => after(word).map(Number).find(Number.isFinite)
  const [lists, ran] = [seconds('lists'), seconds('ran')]
  const config = /"(\d+)";/.exec(after('config')[0] ?? '')?.[1]
  const [none, answered] = [after('apt').includes('none'), after('apt').includes('answered')]
  const [lockedBy, download, refusedRoot] = [after('locked')[0], seconds('download'), after('no-root')[0]]
  const halfDone = [...(after('cut-off').includes('yes') ? ['it was interrupted'] : []), ...after('half')]
  const refused = lines.find((line) => line.startsWith('E: '))?.slice(3)
  if (!none && !answered && lists === undefined && refused === undefined) return undefined
  return {
    ...(answered
      ? { packages: lines.flatMap((line) => pending(line) ?? []) }
      : { refused: none ? 'there is no apt' : (refused ?? 'apt did not answer in time') }),
    ...(lists !== undefined && { listsAgeSeconds: lists }),
    ...(ran !== undefined && { ranAgeSeconds: ran }),
    ...(!none && { unattended: config !== undefined && config !== '0' }),
    rebootRequired: after('reboot').includes('yes'),
    rebootFor: [...new Set(after('reboot-for'))],
    keptBack: keptBack(lines),
    ...(lockedBy !== undefined && { lockedBy }),
    ...(halfDone.length > 0 && { halfDone: halfDone.join(', ') }),
    ...(download !== undefined && { downloadBytes: download }),
    fileSystems: fileSystemsOf(after('fs')),
    ...(refusedRoot !== undefined && { refusedRoot: refusedRoot || 'sudo said nothing' }),
  }
}

/** Below each of these headings names stand, two spaces before each line. */
const headings = /^The following (?:packages have been kept back|upgrades have been deferred due to phasing):/

const keptBack = (lines: readonly string[]): readonly string[] => {
  const names = lines.flatMap((line, index) => {
    if (!headings.test(line)) return []
    const below = lines.slice(index + 1)
    const end = below.findIndex((one) => !one.startsWith('  '))
    return below.slice(0, end === -1 ? below.length : end).flatMap((one) => one.trim().split(/\s+/))
  })
  return [...new Set(names)].sort()
}

const pending = (line: string): PendingPackage | undefined => {
  const [, name, from, to, origins = ''] = /^Inst (\S+)(?: \[([^\]]+)\])? \((\S+) (.*)\)/.exec(line) ?? []
  if (name === undefined || to === undefined) return undefined
  return { name, ...(from !== undefined && { from }), to, security: /-security\b|\bdebian-security:/i.test(origins) }
}
