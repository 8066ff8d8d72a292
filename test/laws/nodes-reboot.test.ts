import { readFileSync, writeFileSync } from 'node:fs'
import { reboot } from '../../src/lib/procedures/nodes/reboot.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { eventually } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { machines, useNodes } from './nodes-subject.ts'

const { sandbox, subject, client, noted, notedNow, drop, cordon, budget, away, emptied } = useNodes({ afresh: true })
const [first, second] = nodes
const input = { node: second.alias, all: false, within: 20_000, 'older-than': 3_600_000 }

const bootOf = (index: 0 | 1 | 2) => sandbox().nodes.node(nodes[index].alias).boot()
const booted = async (index: 0 | 1 | 2) => {
  await sandbox().nodes.reboot(nodes[index].alias)
  const reported = () =>
    client().get(machines, nodes[index].hostname)?.['status'] as {
      nodeInfo: { bootID: string }
      conditions: { type: string; status: string }[]
    }
  await eventually(
    async () =>
      reported().nodeInfo.bootID === bootOf(index) &&
      reported().conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
  )
}
const cordonedAndOut = () => {
  cordon(1)
  drop(second.address)
}
const before = (index: 0 | 1 | 2) => ({
  cordoned: false,
  names: ['api.myhoneydue.com', 'admin.myhoneydue.com'],
  boot: bootOf(index),
})

laws(
  reboot,
  {
    ...subject,
    observe: async () => ({
      ...(await subject.observe()),
      noted: notedNow(),
    }),
  },
  [
    { name: 'healthy', input, arrange: () => {}, meets: 'work' },
    { name: 'it was cordoned before, and out of the round robin', input, arrange: cordonedAndOut, meets: 'work', long: true },
    { name: 'the node of Redis', input: { ...input, node: first.alias }, arrange: () => {}, meets: 'work', long: true },
    {
      name: 'one after another',
      input: { ...input, node: undefined, all: true },
      arrange: () => {},
      meets: 'work',
      long: true,
      passing: true,
    },
    {
      name: 'a run that was killed while the node was empty',
      input,
      arrange: async () => {
        noted(1, before(1))
        drop(second.address)
        await emptied(1)
      },
      meets: 'work',
      long: true,
    },
    {
      name: 'a run that was killed after the node had booted',
      input,
      arrange: async () => {
        noted(1, before(1))
        drop(second.address)
        await emptied(1)
        await booted(1)
      },
      meets: 'work',
      long: true,
      // Taken back, it comes to what stood before the reboot, and not to the half of it.
      broken: true,
    },
    { name: 'booted a moment ago', input, arrange: () => booted(1), meets: 'nothing to do' },
    {
      name: 'a budget that is never met',
      input,
      arrange: () => void budget('web', 3),
      refused: /the budget web asks for 3 of 3 pods: it lets none go/,
    },
    { name: 'another node is away', input, arrange: () => away(2), refused: /hetzner3 is NotReady: .*etcd would lose its quorum/ },
    { name: 'the node itself does not answer', input, arrange: () => away(1), refused: /hetzner2 cannot be told to reboot: .*hetzner2/ },
    {
      name: 'a reboot of another node has begun',
      input,
      arrange: () => void noted(2, before(2)),
      refused: /a reboot of hetzner3 has begun and is not at its end/,
    },
    {
      name: 'who signs in may not reboot it',
      input,
      arrange: async () => {
        const { configFile } = sandbox().nodes
        writeFileSync(configFile, readFileSync(configFile, 'utf8').replaceAll('User root', 'User deploy'))
        sandbox().nodes.node(second.alias).state.write('sudo', 'ufw')
      },
      refused: /who signs in to hetzner2 may not reboot it: .*a password is required/,
    },
  ],
)
