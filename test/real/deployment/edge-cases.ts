import { apiHost, nodes, zoneName } from '../../../src/lib/sandbox/deployment/facts.ts'
import { ask, type Case, done, said } from './say.ts'
import type { Deployment } from './world.ts'

const [first, second, third] = nodes

/** The aliases that a name leads to. */
const leadsTo = ({ sandbox }: Deployment, name: string = apiHost) =>
  sandbox.cloudflare.state.records
    .filter((record) => record.name === name && record.type === 'A')
    .map(({ content }) => nodes.find(({ address }) => address === content)?.alias)
    .sort()
/** Removes the records of an address, of one name or of all. */
const drop = ({ sandbox: { cloudflare } }: Deployment, address: string, only?: string) => {
  cloudflare.state.records = cloudflare.state.records.filter(
    ({ name, content }) => content !== address || (only !== undefined && name !== only),
  )
}
const away = 'hetzner2 cannot be reached at PLACE: nothing listens there: the node or its SSH server is down'
const otherKey = ({ alias, address }: (typeof nodes)[number]) =>
  `The host key of ${alias} (${address}) is not trusted: it offers ssh-ed25519 SHA256 but known_hosts has SHA256 the host was reinstalled, or someone is in between`
const unasked = (reason: string) => [
  `hetzner2 is not well: ${reason}`,
  `hetzner2 cannot be asked what it serves: ${reason}`,
  `the firewall of hetzner2 cannot be read: ${reason}`,
]

const drain = ['edge:drain', second.alias, '--within', '20s', '--confirm', second.alias] as const
const restore = ['edge:restore', second.alias, '--confirm', second.alias] as const

/** edge:status, edge:drain, edge:restore and edge:purge: Cloudflare is the sandbox's, the nodes are asked over SSH. */
export const edgeCases: readonly Case[] = [
  { name: 'edge:status: three nodes', expected: { code: 0, findings: [] }, give: async (world) => said(await ask(world, 'edge:status')) },
  {
    name: 'edge:status: one node is down, one shows another host key',
    expected: {
      code: 3,
      findings: [
        `hetzner2 is in the round robin and could not be asked: ${away}`,
        `hetzner3 is in the round robin and could not be asked: ${otherKey(third)}`,
      ],
    },
    give: async (world) => {
      await Promise.all([world.ssh.down('hetzner2'), world.ssh.otherKey('hetzner3')])
      return said(await ask(world, 'edge:status'))
    },
  },
  {
    name: 'edge:drain: a node out of every name',
    expected: {
      code: 0,
      states: 'done done done done already proven',
      leads: ['hetzner1', 'hetzner3'],
      again: { code: 0, states: 'already already already already already proven' },
    },
    give: async (world) => ({ ...done(await ask(world, ...drain)), leads: leadsTo(world), again: done(await ask(world, ...drain)) }),
  },
  {
    name: 'edge:drain: it is the last node of a name',
    expected: { code: 3, error: 'checks-failed', details: ['hetzner2 is the last node of api.myhoneydue.com'], leads: ['hetzner2'] },
    give: async (world) => {
      drop(world, first.address, apiHost)
      drop(world, third.address, apiHost)
      return { ...done(await ask(world, ...drain)), leads: leadsTo(world) }
    },
  },
  {
    name: 'edge:restore: a node into every name',
    expected: { code: 0, states: 'done done done done proven proven proven proven', leads: ['hetzner1', 'hetzner2', 'hetzner3'] },
    give: async (world) => {
      drop(world, second.address)
      return { ...done(await ask(world, ...restore)), leads: leadsTo(world) }
    },
  },
  {
    name: 'edge:restore: the node is down',
    expected: { code: 3, error: 'checks-failed', details: unasked(away), leads: ['hetzner1', 'hetzner3'] },
    give: async (world) => {
      drop(world, second.address)
      await world.ssh.down(second.alias)
      return { ...done(await ask(world, ...restore)), leads: leadsTo(world) }
    },
  },
  {
    name: 'edge:restore: the node shows another host key',
    expected: { code: 3, error: 'checks-failed', details: unasked(otherKey(second)), leads: ['hetzner1', 'hetzner3'] },
    give: async (world) => {
      drop(world, second.address)
      await world.ssh.otherKey(second.alias)
      return { ...done(await ask(world, ...restore)), leads: leadsTo(world) }
    },
  },
  {
    name: 'edge:purge: one URL',
    expected: { code: 0, states: 'done', purged: [{ kind: 'files', what: [`https://${apiHost}/a`] }] },
    give: async (world) => {
      const ended = done(await ask(world, 'edge:purge', '--url', `https://${apiHost}/a`))
      return { ...ended, purged: world.sandbox.cloudflare.state.purged }
    },
  },
  {
    name: 'edge:purge: everything, with a confirmation that names another zone',
    expected: { code: 2, error: 'confirm-mismatch', purged: [] },
    give: async (world) => {
      const ended = done(await ask(world, 'edge:purge', '--everything', '--confirm', `other.${zoneName}`))
      return { ...ended, purged: world.sandbox.cloudflare.state.purged }
    },
  },
]
