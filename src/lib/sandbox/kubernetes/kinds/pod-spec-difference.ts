import { isJson, type Json } from '../schema/json.ts'

// The fields of the server's own PodSpec in their order; a word in small letters says what an unset one holds.
const fields =
  'Volumes InitContainers Containers EphemeralContainers RestartPolicy=text TerminationGracePeriodSeconds ActiveDeadlineSeconds DNSPolicy=text NodeSelector ServiceAccountName=text AutomountServiceAccountToken NodeName=text SecurityContext ImagePullSecrets Hostname=text Subdomain=text SetHostnameAsFQDN HostnameOverride Affinity SchedulerName=text Tolerations HostAliases PriorityClassName=text Priority PreemptionPolicy DNSConfig ReadinessGates RuntimeClassName Overhead EnableServiceLinks TopologySpreadConstraints OS SchedulingGates ResourceClaims Resources'
    .split(' ')
    .map((word) => {
      const [name = '', unset] = word.split('=')
      const json = /^(DNS|OS)/.test(name)
        ? name.replace(/^(DNS|OS)/, (letters) => letters.toLowerCase())
        : `${name.charAt(0).toLowerCase()}${name.slice(1)}`
      return { name, json, unset: unset === 'text' ? '' : null }
    })

/** What the server itself keeps in the security context, and clients beside it. */
const hostFields = ['HostNetwork', 'HostPID', 'HostIPC'] as const

/** A PodSpec as the server prints it: its own names for its fields, the values under them as clients write them. */
const printed = (of: Json): readonly string[] => {
  const shown = Object.fromEntries(fields.map(({ name, json, unset }) => [name, of[json] ?? unset]))
  const host = Object.fromEntries(hostFields.map((name) => [name, of[`${name.charAt(0).toLowerCase()}${name.slice(1)}`] ?? false]))
  shown['SecurityContext'] = { ...host, ...(isJson(of['securityContext']) ? of['securityContext'] : {}) }
  return JSON.stringify(shown, undefined, 1)
    .split('\n')
    .map((line) => `${line}\n`)
}

const context = 3

/** Two PodSpecs as the server of 1.34 shows their difference: a unified diff of one hunk, from the first line that differs to the last. */
export function podSpecDifference(old: Json, now: Json): string {
  const [before, after] = [printed(old), printed(now)]
  let first = 0
  while (first < before.length && before[first] === after[first]) first++
  let same = 0
  while (same < before.length - first && same < after.length - first && before.at(-1 - same) === after.at(-1 - same)) same++
  const from = Math.max(0, first - context)
  const part = (lines: readonly string[]) => lines.slice(first, lines.length - same)
  const tail = before.slice(before.length - same, before.length - same + context)
  const count = (lines: readonly string[]) => first - from + part(lines).length + tail.length
  return [
    `@@ -${from + 1},${count(before)} +${from + 1},${count(after)} @@\n`,
    ...before.slice(from, first).map((line) => ` ${line}`),
    ...part(before).map((line) => `-${line}`),
    ...part(after).map((line) => `+${line}`),
    ...tail.map((line) => ` ${line}`),
  ].join('')
}
