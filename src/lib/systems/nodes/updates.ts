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
}

/** One round trip, as whoever is let in: a rehearsal of apt needs no root and takes no lock. */
export const updatesScript = `
if ! command -v apt-get > /dev/null; then echo 'apt none'; exit 0; fi
limit() { if command -v timeout > /dev/null; then timeout "$@"; else shift; "$@"; fi; }
since() { at=$(stat -c %Y "$2" 2> /dev/null) && echo "$1 $(($(date +%s) - at))"; }
since lists /var/lib/apt/lists
since ran /var/lib/apt/periodic/unattended-upgrades-stamp
apt-config dump APT::Periodic::Unattended-Upgrade 2> /dev/null | sed 's/^/config /'
[ ! -e /var/run/reboot-required ] || echo 'reboot yes'
sed 's/^/reboot-for /' /var/run/reboot-required.pkgs 2> /dev/null
LC_ALL=C limit 10 apt-get -s -o Debug::NoLocking=true --with-new-pkgs upgrade 2>&1 && echo 'apt answered'
:
`

/** What the script printed; undefined where it is not that. As apt 2.6 writes it: `Inst bash [5.2.15-2+b8] (5.2.15-2+b13 Debian:12.15/oldstable [amd64])`. */
export const readUpdates = (stdout: string): NodeUpdates | undefined => {
  const lines = stdout.split('\n')
  const after = (word: string) => lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1).trim()] : []))
  const seconds = (word: string) => after(word).map(Number).find(Number.isFinite)
  const [lists, ran] = [seconds('lists'), seconds('ran')]
  const config = /"(\d+)";/.exec(after('config')[0] ?? '')?.[1]
  const [none, answered] = [after('apt').includes('none'), after('apt').includes('answered')]
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
  }
}

const pending = (line: string): PendingPackage | undefined => {
  const [, name, from, to, origins = ''] = /^Inst (\S+)(?: \[([^\]]+)\])? \((\S+) (.*)\)/.exec(line) ?? []
  if (name === undefined || to === undefined) return undefined
  return { name, ...(from !== undefined && { from }), to, security: /-security\b|\bdebian-security:/i.test(origins) }
}
