import { type Answer, sayNoSudo } from './script.ts'
import type { NodeFacts } from './types.ts'

// One round trip: every fact is a line "name value…". What takes long runs beside the rest. As few processes as there are questions: on a node of two
// busy CPUs each one more is felt, so the shell itself cuts the output. `say` keeps the first line; a line is shorter than a pipe's atomic write.
export const factsScript = `
echo "clock $(date +%s.%N)"
say() { printf '%s %s\\n' "$1" "\${2%%
*}"; }
{ if ufw=$(root ufw status verbose 2>/dev/null) || ufw=$(root ufw status 2>/dev/null); then say ufw "$ufw"
else say no-ufw "$(root ufw status 2>&1 | tail -n 1)"; fi; } &
say k3s "$(k3s --version 2>/dev/null)" &
say synchronized "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" &
say service "$(systemctl is-active k3s 2>/dev/null)" &
say cpus "$(nproc)"
say uptime "$(uptime)"
${sayNoSudo}
test -e /var/run/reboot-required && echo 'reboot yes'
df -Pk /
free -b
wait
`

const numbers = (text: string | undefined) => text?.trim().split(/\s+/).map(Number) ?? []

/** "14:02:11 up 3 days,  4:05,  1 user,  load average: 0.1, 0.2, 0.3", as procps and BSD print it. */
export const readUptime = (text: string): { readonly uptimeSeconds?: number; readonly load?: readonly [number, number, number] } => {
  const load = /load averages?: ([\d.]+),? ([\d.]+),? ([\d.]+)/.exec(text)
  const up = /\bup\s+(?:(\d+) days?,\s+)?(?:(\d+):(\d+)|(\d+) mins?|(\d+) hrs?|(\d+) secs?)?/.exec(text)
  const [, days = 0, hours = 0, minutes = 0, mins = 0, hrs = 0, secs = 0] = (up ?? []).map((part) => Number(part ?? 0))
  return {
    ...(up ? { uptimeSeconds: days * 86_400 + (hours + hrs) * 3600 + (minutes + mins) * 60 + secs } : {}),
    ...(load ? { load: [Number(load[1]), Number(load[2]), Number(load[3])] as const } : {}),
  }
}

// Whose words stand last: what sudo warns of comes before what it refuses.
const firewallOf = (line: string | undefined, refused: string | undefined): NodeFacts['firewall'] => {
  if (line === 'Status: active') return { active: true }
  if (line === 'Status: inactive') return { active: false }
  return { unknown: refused ?? line ?? 'ufw printed nothing' }
}

/** Our clock when the node read its own, and by how much that may be wrong, in milliseconds. */
interface ReadingTime {
  readonly midpoint: number
  readonly within: number
}

/** Reads what the script printed. */
export const readFacts = (alias: string, { stdout, hostname }: Answer, latencyMs: number, when: ReadingTime): NodeFacts => {
  const lines = new Map(
    stdout.split('\n').map((line) => {
      const at = line.indexOf(' ')
      return [line.slice(0, at), line.slice(at + 1).trim()] as const
    }),
  )
  const get = (name: string) => lines.get(name) || undefined
  const [totalMemory, , , , , availableMemory] = numbers(get('Mem:'))
  const disk = numbers(/\s(\d+\s+\d+\s+\d+)\s+\d+%\s+\/$/m.exec(stdout)?.[1])
  const clock = Number(get('clock'))
  const cpus = Number(get('cpus'))
  const version = get('k3s')?.split(' ')[2]
  const service = get('service')
  const synchronized = get('synchronized')
  return {
    alias,
    hostname,
    latencyMs,
    ...readUptime(get('uptime') ?? ''),
    ...(cpus > 0 ? { cpus } : {}),
    ...(totalMemory && availableMemory !== undefined && availableMemory >= 0
      ? { memory: { totalBytes: totalMemory, availableBytes: availableMemory } }
      : {}),
    ...(disk[0] && disk[2] !== undefined ? { disk: { totalBytes: disk[0] * 1024, availableBytes: disk[2] * 1024 } } : {}),
    ...(version ? { k3sVersion: version } : {}),
    ...(service ? { k3sService: service } : {}),
    firewall: firewallOf(get('ufw'), get('no-ufw')),
    rebootRequired: get('reboot') === 'yes',
    clock: {
      ...(clock > 0 ? { offsetMs: clock * 1000 - when.midpoint, withinMs: when.within } : {}),
      ...(synchronized ? { synchronized: synchronized === 'yes' } : {}),
    },
  }
}
