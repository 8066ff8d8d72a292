import { shortFingerprint } from '../../certificates.ts'
import { type Finding, fails, holds } from '../../plan/finding.ts'
import type { NodesReader } from '../../systems/nodes/types.ts'
import { readServedNames } from './survey.ts'

const some = (all: ReadonlySet<string>, what: string): string => (all.size === 1 ? [...all].join() : `${all.size} ${what}`)

/** Every node's own 443, for every name: which still serve a certificate of another key, each such certificate in one short line. */
export const servesEverywhere = async (
  aliases: readonly string[],
  hosts: readonly string[],
  nodes: NodesReader,
  publicKey: string,
): Promise<Finding> => {
  const others = new Map<string, { readonly aliases: Set<string>; readonly names: Set<string> }>()
  await Promise.all(
    aliases.map(async (alias) => {
      for (const [name, found] of await readServedNames(nodes, alias, hosts)) {
        if (found?.publicKey === publicKey) continue
        const which = found ? shortFingerprint(found.fingerprint) : ''
        const group = others.get(which) ?? { aliases: new Set(), names: new Set() }
        group.aliases.add(alias)
        group.names.add(name)
        others.set(which, group)
      }
    }),
  )
  if (others.size === 0) return holds
  const lines = [...others].map(([which, group]) => {
    const [who, names] = [some(group.aliases, 'nodes'), some(group.names, 'names')]
    const one = group.aliases.size === 1
    return which === ''
      ? `${who} ${one ? 'completes' : 'complete'} no handshake for ${names}`
      : `${who} still ${one ? 'serves' : 'serve'} ${which} for ${names}`
  })
  return fails(lines.join('; '))
}
