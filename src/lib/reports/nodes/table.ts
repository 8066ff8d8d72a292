import { age, bytes, milliseconds } from './quantities.ts'
import type { NodesSurvey } from './survey.ts'

export const nodeColumns = [
  'alias',
  'address',
  'hostname',
  'ready',
  'k3s',
  'ssh',
  'uptime',
  'load/CPU',
  'memory',
  'disk',
  'service',
  'ufw',
  'reboot',
  'clock',
  'pods',
] as const

const share = (size: { readonly totalBytes: number; readonly availableBytes: number } | undefined) =>
  size ? `${Math.round(100 * (1 - size.availableBytes / size.totalBytes))} % of ${bytes(size.totalBytes)}` : '?'

/** One row a node, in the environment's order; '?' is what nobody could say. */
export const nodeRows = ({ expected, facts, api }: NodesSurvey): readonly (readonly string[])[] =>
  expected.map(({ alias, address, hostname }) => {
    const answer = facts.get(alias)
    const host = answer?.answered ? answer.value : undefined
    const node = api.answered ? api.value.find(({ name }) => name === (host?.hostname || hostname)) : undefined
    return [
      alias,
      address,
      host?.hostname || node?.name || '?',
      node ? [node.ready ? 'Ready' : 'NotReady', ...node.pressures, ...(node.cordoned ? ['cordoned'] : [])].join(', ') : '?',
      host?.k3sVersion ?? node?.kubeletVersion ?? '?',
      host ? milliseconds(host.latencyMs) : 'down',
      host?.uptimeSeconds === undefined ? '?' : age(host.uptimeSeconds),
      host?.load && host.cpus ? (host.load[0] / host.cpus).toFixed(2) : '?',
      share(host?.memory),
      share(host?.disk),
      host?.k3sService ?? '?',
      !host || 'unknown' in host.firewall ? '?' : host.firewall.active ? 'active' : 'inactive',
      host ? (host.rebootRequired ? 'yes' : 'no') : '?',
      host?.clock.offsetMs === undefined ? '?' : `${host.clock.offsetMs < 0 ? '-' : '+'}${milliseconds(Math.abs(host.clock.offsetMs))}`,
      node ? String(node.pods) : '?',
    ]
  })
