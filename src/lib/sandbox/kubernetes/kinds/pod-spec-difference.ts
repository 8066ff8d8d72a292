import { type Json, same } from '../schema/json.ts'

// The fields of the server's own PodSpec in their order; a word in small letters says what an unset one holds.
const fields =
  'Volumes InitContainers Containers EphemeralContainers RestartPolicy=text TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy=text NodeSelector ServiceAccountName=text AutomountServiceAccountToken NodeName=text SecurityContext ImagePullSecrets Hostname=text Subdomain=text SetHostnameAsFQDN Affinity SchedulerName=text Tolerations HostAliases PriorityClassName=text Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources'
    .split(' ')
    .map((word) => {
      const [name = '', unset] = word.split('=')
      const json = /^(DNS|OS)/.test(name)
        ? name.replace(/^(DNS|OS)/, (letters) => letters.toLowerCase())
        : `${name.charAt(0).toLowerCase()}${name.slice(1)}`
      return { name, json, unset: unset === 'text' ? '""' : 'nil' }
    })
const context = 2

const shown = (value: unknown, unset: string): string =>
  value === undefined || value === null
    ? unset
    : Array.isArray(value)
      ? value.length === 0
        ? unset
        : '{...}'
      : typeof value === 'object'
        ? '&{...}'
        : JSON.stringify(value)

/** Two PodSpecs side by side as Go's cmp prints them: what differs, two fields around it, and how many more are the same. */
export function podSpecDifference(old: Json, now: Json): string {
  const differs = fields.map(({ json }) => !same(old[json], now[json]))
  const near = fields.map((_, at) => differs.some((is, other) => is && Math.abs(at - other) <= context))
  const width = Math.max(...fields.filter((_, at) => near[at]).map(({ name }) => name.length), 0) + 2
  const line = (sign: string, name: string, value: string) => `${sign}\u00a0\t${`${name}:`.padEnd(width)}${value},`
  const lines: string[] = []
  let hidden = 0
  const skip = () => {
    if (hidden > 0) lines.push(`\u00a0\u00a0\t... // ${hidden} identical field${hidden === 1 ? '' : 's'}`)
    hidden = 0
  }
  for (const [at, { name, json, unset }] of fields.entries()) {
    if (!near[at]) {
      hidden++
      continue
    }
    skip()
    if (differs[at]) lines.push(line('-', name, shown(old[json], unset)), line('+', name, shown(now[json], unset)))
    else lines.push(line('\u00a0', name, shown(now[json], unset)))
  }
  skip()
  return ['\u00a0\u00a0core.PodSpec{', ...lines, '\u00a0\u00a0}', ''].join('\n')
}
