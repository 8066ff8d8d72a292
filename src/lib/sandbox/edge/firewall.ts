import { isIPv6 } from 'node:net'
import { nodeAddress6 } from '../nodes/network-commands.ts'
import type { NodeState } from '../nodes/state.ts'
import { covers } from './addresses.ts'

export type Verdict = 'allow' | 'drop' | 'reject'

/** What a node's ufw does with a new TCP connection to a port: the first rule that fits decides, then the default. */
export function verdict(state: Pick<NodeState, 'read'>, port: number, source: string): Verdict {
  if (state.read('ufw/enabled').trim() !== 'yes') return 'allow'
  for (const line of state.read(isIPv6(source) ? 'ufw/rules6' : 'ufw/rules4').split('\n')) {
    const [action = '', way, protocol = '', from = '', ports = '', to = ''] = line.split('|')
    if (
      !['in', 'in_eth0'].includes(way ?? '') ||
      !['any', 'tcp'].includes(protocol) ||
      !fits(ports, port) ||
      !covers(from, source) ||
      !covers(to, ownAddress(state, source))
    )
      continue
    return action === 'deny' ? 'drop' : action === 'reject' ? 'reject' : 'allow'
  }
  const usual = /^(\w+) \(incoming\)/.exec(state.read('ufw/default'))?.[1]
  return usual === 'allow' ? 'allow' : usual === 'reject' ? 'reject' : 'drop'
}

/** Where a connection of that family arrives. */
const ownAddress = (state: Pick<NodeState, 'read'>, source: string): string =>
  isIPv6(source) ? nodeAddress6 : state.read('address').trim()

const profiles: Readonly<Record<string, string>> = {
  'app:OpenSSH': '22',
  'app:WWW': '80',
  'app:WWW Secure': '443',
  'app:WWW Full': '80,443',
  'app:WWW Cache': '8080',
}

const fits = (said: string, port: number, ports = profiles[said] ?? said): boolean =>
  ports === 'any' ||
  ports.split(',').some((part) => {
    const [from = '', to = from] = part.split(':')
    return Number(from) <= port && port <= Number(to)
  })
