import { ask, type Case } from './say.ts'
import type { Ended } from './world.ts'

interface NodeDocument {
  readonly alias: string
  readonly host: Readonly<Record<string, unknown>> & { readonly answered: boolean; readonly error?: { readonly code: string } }
}

/** What each node tells of itself and no load of this machine changes, or why it told nothing. */
const nodesOf = ({ document }: Ended) =>
  ((document.data?.['nodes'] ?? []) as readonly NodeDocument[]).map(({ alias, host }) =>
    host.answered
      ? { alias, hostname: host['hostname'], k3s: host['k3sService'], firewall: host['firewall'] }
      : { alias, error: host.error?.code },
  )
const up = (alias: string, suffix: number) => ({ alias, hostname: `ubuntu-8gb-nbg1-${suffix}`, k3s: 'active', firewall: { active: true } })

/** nodes:status. */
export const nodeCases: readonly Case[] = [
  {
    name: 'nodes:status: three nodes',
    expected: [up('hetzner1', 2), up('hetzner2', 1), up('hetzner3', 3)],
    give: async (world) => nodesOf(await ask(world, 'nodes:status')),
  },
  {
    name: 'nodes:status: one is down, one shows another host key',
    expected: {
      code: 3,
      nodes: [up('hetzner1', 2), { alias: 'hetzner2', error: 'ssh-unreachable' }, { alias: 'hetzner3', error: 'ssh-changed-host-key' }],
    },
    give: async (world) => {
      await Promise.all([world.ssh.down('hetzner2'), world.ssh.otherKey('hetzner3')])
      const ended = await ask(world, 'nodes:status')
      return { code: ended.code, nodes: nodesOf(ended) }
    },
  },
]
