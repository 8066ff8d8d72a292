import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { atMost, type Clock, seconds } from '../clock.ts'
import { isOwnName } from '../own-name.ts'
import { nodesSystem } from '../systems/nodes/nodes.ts'
import { resolveAlias } from '../systems/nodes/resolve.ts'
import type { Resolved } from '../systems/nodes/resolved.ts'
import type { ClusterNode } from './find-cluster.ts'
import { sshHosts } from './ssh-hosts.ts'

/** A machine that is to be reached, and the alias that led there by now. */
export interface WantedNode extends ClusterNode {
  readonly alias?: string
}

/** How a host of the SSH configuration was known to lead to a node. */
interface Host {
  readonly alias: string
  readonly resolved: Resolved | undefined
  readonly addresses: readonly string[]
}

const options = (configFile: string | undefined) => (configFile === undefined ? {} : { configFile })

/** Names alone are looked up, and not those behind another machine, which knows them better. */
const addressesOf = async (clock: Clock, { hostname, proxyJump, proxyCommand }: Resolved): Promise<readonly string[]> => {
  if (isIP(hostname) || proxyJump !== undefined || proxyCommand !== undefined) return [hostname]
  const found = await atMost(
    clock,
    seconds(1),
    lookup(hostname, { all: true }).catch(() => []),
  )
  return [hostname, ...(found ?? []).map(({ address }) => address)]
}

const hostFor = async (clock: Clock, alias: string, configFile: string | undefined): Promise<Host> => {
  const resolved = await resolveAlias(alias, options(configFile)).catch(() => undefined)
  return { alias, resolved, addresses: resolved ? await addressesOf(clock, resolved) : [] }
}

/** By its address, by the name that its key is known under, or by the machine's own name. */
const leadsTo = ({ alias, resolved, addresses }: Host, { hostname, addresses: wanted }: ClusterNode): boolean => {
  const known = resolved?.knownAs.replace(/^\[(.+)\]:\d+$/, '$1')
  return (
    addresses.some((address) => wanted.includes(address) || isOwnName(address, hostname)) ||
    (known !== undefined && (wanted.includes(known) || isOwnName(known, hostname))) ||
    isOwnName(alias, hostname)
  )
}

/** An address says nothing of the machine behind it: a forwarded port, a tunnel, a jump. */
const hidesItsEnd = ({ resolved }: Host): boolean =>
  resolved !== undefined &&
  (/^(localhost|127\..*|::1)$/.test(resolved.hostname) || resolved.proxyJump !== undefined || resolved.proxyCommand !== undefined)

/** Its own name, asked over SSH as `ssh ALIAS hostname` would be; undefined where it does not say. */
const askName = async (clock: Clock, aliases: readonly string[], configFile: string | undefined): Promise<ReadonlyMap<string, string>> => {
  if (aliases.length === 0) return new Map()
  const system = nodesSystem({ ...options(configFile), clock })
  const names = new Map<string, string>()
  const asked = aliases.map(async (alias) => {
    const facts = await system.read.facts(alias).catch(() => undefined)
    if (facts) names.set(alias, facts.hostname)
  })
  await atMost(clock, seconds(5), Promise.all(asked))
  await atMost(clock, seconds(1), system.close())
  return names
}

/** So many machines are asked for their names at most. */
const asks = 20

export interface FoundAliases {
  /** As they were wanted, each with the alias that leads there; without one where none does. */
  readonly nodes: readonly WantedNode[]
  /** Hosts that the configuration names and that led to none of them. */
  readonly others: readonly { readonly alias: string; readonly to: string }[]
  /** Those of them that were asked for their own name. */
  readonly asked: readonly string[]
}

/**
 * Which host of the SSH configuration leads to each node. An alias that a node has already is kept where it leads there. Where no address tells, machines
 * behind forwarded ports and jumps are asked for their own names.
 */
export const findAliases = async (
  wanted: readonly WantedNode[],
  { clock, file, configFile }: { readonly clock: Clock; readonly file: string; readonly configFile: string | undefined },
): Promise<FoundAliases> => {
  const usual = wanted.flatMap(({ alias }) => (alias === undefined ? [] : [alias]))
  const hosts = await Promise.all([...new Set([...usual, ...sshHosts(file)])].map((alias) => hostFor(clock, alias, configFile)))
  const named = wanted.map((node) => {
    const own = hosts.find(({ alias }) => alias === node.alias)
    return own && leadsTo(own, node) ? own : hosts.find((host) => leadsTo(host, node))
  })
  const hidden = named.every(Boolean) ? [] : hosts.filter((host) => !named.includes(host) && hidesItsEnd(host)).slice(0, asks)
  const asked = hidden.map(({ alias }) => alias)
  const names = await askName(clock, asked, configFile)
  const nodes = wanted.map(({ alias: _, ...node }, i) => {
    const alias = named[i]?.alias ?? asked.find((one) => isOwnName(names.get(one) ?? '', node.hostname))
    return { ...node, ...(alias !== undefined && { alias }) }
  })
  const used = new Set(nodes.map(({ alias }) => alias))
  const others = hosts
    .filter(({ alias, resolved }) => !used.has(alias) && (!usual.includes(alias) || resolved?.hostname !== alias))
    .map(({ alias, resolved }) => ({
      alias,
      to: resolved ? `${resolved.hostname}${resolved.port === 22 ? '' : `:${resolved.port}`}` : '?',
    }))
  return { nodes, others, asked }
}
