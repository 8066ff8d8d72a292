import { age } from '../../age.ts'
import { milliseconds } from '../../facts/nodes/quantities.ts'
import type { ApiNode, NodesSurvey } from '../../facts/nodes/survey.ts'
import { isOwnName } from '../../own-name.ts'
import type { Table } from '../../plan/report.ts'
import type { NodeFacts } from '../../systems/nodes/types.ts'

const used = (size: { readonly totalBytes: number; readonly availableBytes: number } | undefined): string =>
  size ? `${Math.round(100 * (1 - size.availableBytes / size.totalBytes))} %` : '?'

const signed = (ms: number | undefined): string => (ms === undefined ? '?' : `${ms < 0 ? '-' : '+'}${milliseconds(Math.abs(ms))}`)

const standing = (node: ApiNode | undefined): string => (node ? (node.ready ? (node.cordoned ? 'cordoned' : 'Ready') : 'NotReady') : '?')

const hostRow = (alias: string, host: NodeFacts | undefined, error: boolean): readonly string[] => [
  alias,
  host ? milliseconds(host.latencyMs) : error ? 'down' : '?',
  host?.uptimeSeconds === undefined ? '?' : age(host.uptimeSeconds),
  host?.load && host.cpus ? (host.load[0] / host.cpus).toFixed(2) : '?',
  used(host?.memory),
  used(host?.disk),
  host?.k3sService ?? '?',
  !host || 'unknown' in host.firewall ? '?' : host.firewall.active ? 'on' : 'off',
  host ? (host.rebootRequired ? 'yes' : 'no') : '?',
  signed(host?.clock.offsetMs),
]

/**
 * One row a node in each of two tables, in the environment's order: what the cluster says, and what the host says. One table would be
 * 140 columns wide. '?' is what nobody could say.
 */
export const nodeTables = ({ expected, facts, api }: NodesSurvey): readonly Table[] => {
  const seen = expected.map((named) => {
    const answer = facts.get(named.alias)
    const host = answer?.answered ? answer.value : undefined
    const name = host?.hostname || named.hostname
    const node = api.answered ? api.value.find((each) => isOwnName(name, each.name)) : undefined
    return { named, host, node, error: answer?.answered === false }
  })
  return [
    {
      title: 'In the cluster',
      columns: ['alias', 'address', 'hostname', 'ready', 'k3s', 'pods'],
      rows: seen.map(({ named, host, node }) => [
        named.alias,
        named.address,
        host?.hostname || node?.name || '?',
        standing(node),
        host?.k3sVersion ?? node?.kubeletVersion ?? '?',
        node ? String(node.pods) : '?',
      ]),
    },
    {
      title: 'On the host',
      columns: ['alias', 'ssh', 'up', 'load', 'memory', 'disk', 'k3s', 'ufw', 'reboot', 'clock'],
      rows: seen.map(({ named, host, error }) => hostRow(named.alias, host, error)),
    },
  ]
}

/** What the headings have no room for. */
export const tableNote = 'load: per CPU, over one minute; memory, disk: used; clock: against this machine'
