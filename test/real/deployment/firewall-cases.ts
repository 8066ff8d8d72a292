import { nodes } from '../../../src/lib/sandbox/deployment/facts.ts'
import { ask, type Case, done, said } from './say.ts'
import type { Deployment } from './world.ts'

const added = '198.51.100.0/24'
const gone = '173.245.48.0/20'
const all = nodes.map(({ alias }) => alias).join(',')

/** One range is new, one is gone. */
const moved = ({ sandbox: { cloudflare } }: Deployment): void => {
  const { ipv4, ipv6 } = cloudflare.state.ranges
  cloudflare.state.ranges = { ipv4: [added, ...ipv4.filter((range) => range !== gone)], ipv6 }
}
const movedAt = (alias: string) => [
  `${alias} does not let in ${added} of Cloudflare`,
  `${alias} lets in ${gone} that Cloudflare no longer publishes`,
]
const rulesOf = ({ sandbox }: Deployment, alias: string): string => sandbox.nodes.node(alias).state.read('ufw/rules4')
const letIn = (world: Deployment, range: string) =>
  nodes.filter(({ alias }) => rulesOf(world, alias).includes(range)).map(({ alias }) => alias)

/** firewall:status and firewall:refresh, over SSH; ufw itself has a lane of its own. */
export const firewallCases: readonly Case[] = [
  {
    name: 'firewall:status: as published',
    expected: { code: 0, findings: [] },
    give: async (world) => said(await ask(world, 'firewall:status')),
  },
  {
    name: 'firewall:status: a range is new, and one node is down',
    expected: {
      code: 3,
      findings: [
        ...movedAt('hetzner1'),
        'hetzner2 could not be asked: hetzner2 cannot be reached at PLACE: nothing listens there: the node or its SSH server is down',
        ...movedAt('hetzner3'),
        `Traefik's trusted addresses (kube-system/traefik) lacks ${added} of Cloudflare`,
        `Traefik's trusted addresses (kube-system/traefik) trusts ${gone} that Cloudflare does not publish`,
        `Middleware honeydue/cloudflare-only lacks ${added} of Cloudflare`,
        `Middleware honeydue/cloudflare-only trusts ${gone} that Cloudflare does not publish`,
      ],
    },
    give: async (world) => {
      moved(world)
      await world.ssh.down('hetzner2')
      return said(await ask(world, 'firewall:status'))
    },
  },
  {
    name: 'firewall:refresh: a range new and a range gone, on every node',
    expected: {
      code: 0,
      states: 'done done proven done done proven done done proven',
      added: ['hetzner1', 'hetzner2', 'hetzner3'],
      left: [],
    },
    give: async (world) => {
      moved(world)
      const ended = done(await ask(world, 'firewall:refresh', '--confirm', all))
      return { ...ended, added: letIn(world, added), left: letIn(world, gone) }
    },
  },
  {
    name: 'firewall:refresh: one node accepts and starts no command',
    expected: { code: 9, error: 'firewall-unread', added: [] },
    give: async (world) => {
      moved(world)
      await world.ssh.withoutSessions('hetzner3')
      return { ...done(await ask(world, 'firewall:refresh', '--confirm', all)), added: letIn(world, added) }
    },
  },
]
