import { readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { reasonOf } from '../../src/lib/errors.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { isChange } from '../../src/lib/plan/procedure.ts'
import { update } from '../../src/lib/procedures/nodes/update.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { heldBy, inst, pendingKernel, pendingOpenssl, pendingOthers, pendingUpdates } from '../../src/lib/sandbox/nodes/apt-state.ts'
import { setDisk } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { contextOf } from '../support/context.ts'
import { laws } from './laws.ts'
import { useNodes } from './nodes-subject.ts'

const { sandbox, subject, noted, notedNow, drop, cordon, budget, away, emptied } = useNodes({ afresh: true })
const [first, second] = nodes
const input = { node: second.alias, within: 20_000 }
const state = () => sandbox().nodes.node(second.alias).state
const root = (file: string) => join(sandbox().dir, 'nodes', second.alias, 'root', file)
const pending = (lines?: readonly string[]) => pendingUpdates(state(), lines)
const pendingOf = (index: 0 | 1) =>
  sandbox()
    .nodes.node(nodes[index].alias)
    .state.read('updates')
    .match(/^Inst \S+/gm)

const before = (index: 0 | 1 | 2) => ({
  cordoned: false,
  names: ['api.myhoneydue.com', 'admin.myhoneydue.com'],
  boot: sandbox().nodes.node(nodes[index].alias).boot(),
  update: true,
})
const underWay = async () => {
  noted(1, before(1))
  drop(second.address)
  await emptied(1)
}
/** As somebody who is not root, with what sudo lets him do. */
const asDeploy = (rights: string) => {
  const { configFile } = sandbox().nodes
  writeFileSync(configFile, readFileSync(configFile, 'utf8').replaceAll('User root', 'User deploy'))
  state().write('sudo', rights)
}

laws(
  update,
  {
    ...subject,
    observe: async () => ({
      ...(await subject.observe()),
      noted: notedNow(),
      pending: [pendingOf(0), pendingOf(1)],
    }),
  },
  [
    { name: 'a kernel is pending, which asks for a boot', input, arrange: () => pending(), meets: 'work' },
    { name: 'nothing that asks for a boot', input, arrange: () => pending([...pendingOthers]), meets: 'work', long: true },
    {
      name: 'it was cordoned before, and out of the round robin',
      input,
      arrange: () => {
        pending()
        cordon(1)
        drop(second.address)
      },
      meets: 'work',
      long: true,
    },
    {
      name: 'the node of Redis',
      input: { ...input, node: first.alias },
      arrange: () => pendingUpdates(sandbox().nodes.node(first.alias).state),
      meets: 'work',
      long: true,
    },
    {
      name: 'up to date, and waiting for a boot since somebody updated it',
      input,
      arrange: () => state().setRebootRequired(true),
      meets: 'work',
      long: true,
    },
    {
      name: 'a run that was killed while the node was empty',
      input,
      arrange: async () => {
        pending()
        await underWay()
      },
      meets: 'work',
      long: true,
    },
    {
      name: 'a run that was killed after the packages, and nothing asks for a boot',
      input,
      arrange: underWay,
      meets: 'work',
      long: true,
      // Taken back, it comes to what stood before the update, and not to the half of it.
      broken: true,
    },
    { name: 'nothing pending', input, arrange: () => {}, meets: 'nothing to do' },
    {
      name: 'a budget that is never met',
      input,
      arrange: () => {
        pending()
        budget('web', 3)
      },
      refused: /the budget web asks for 3 of 3 pods: it lets none go/,
    },
    {
      name: 'another node is away',
      input,
      arrange: async () => {
        pending()
        await away(2)
      },
      refused: /hetzner3 is NotReady: .*etcd would lose its quorum/,
    },
    { name: 'the node itself does not answer', input, arrange: () => away(1), refused: /hetzner2 does not answer: / },
    {
      name: 'an update of another node has begun',
      input,
      arrange: () => {
        pending()
        noted(2, before(2))
      },
      refused: /an update of hetzner3 has begun and is not at its end/,
    },
    {
      name: 'unattended-upgrades is at work',
      input,
      arrange: () => {
        pending()
        writeFileSync(root('proc/locks'), heldBy(statSync(root('var/lib/dpkg/lock-frontend')).ino, 4711))
      },
      refused: /the packages of hetzner2 are locked by process 4711/,
    },
    {
      name: 'dpkg was interrupted',
      input,
      arrange: () => {
        pending()
        state().write('dpkg-audit', 'The following packages are only half configured:\n openssl   Secure Sockets Layer toolkit\n')
      },
      refused: /dpkg of hetzner2 has not ended what it began: openssl/,
    },
    {
      name: 'lists of twelve days ago, and nothing in them',
      input,
      arrange: () => {
        const old = new Date(Date.now() - 12 * 86_400_000)
        utimesSync(root('var/lib/apt/lists'), old, old)
      },
      refused: /hetzner2 last fetched its lists of packages 12 d 0 h ago/,
    },
    {
      name: 'no room to unpack',
      input,
      arrange: () => {
        pending()
        setDisk(state(), { volumes: 70_200_000 })
      },
      refused: /hetzner2 has \d+ MB free on \/, and unpacking takes up to \d+ MB/,
    },
    {
      name: 'apt cannot say',
      input,
      arrange: () => state().write('updates', 'E: The list of sources could not be read.\n'),
      refused: /what is pending on hetzner2 is not known: /,
    },
    {
      name: 'who signs in may not update it',
      input,
      arrange: () => {
        pending()
        asDeploy('ufw')
      },
      refused: /who signs in to hetzner2 may not update it: .*a password is required/,
    },
  ],
)

const gather = () =>
  update.gather(input, readersOf(subject.systems(), update.needs), { ...contextOf(sandbox().environment), clock: systemClock })
const writer = () => subject.systems().nodes.write

describe('nodes:update', () => {
  test('security first, each by name; many others as a number', async () => {
    await subject.reset()
    const many = Array.from({ length: 20 }, (_, i) => inst(`lib${i}`, '1', '2', ['updates']))
    pending([...many, pendingOpenssl, pendingKernel])
    const facts = await gather()
    const step = update.steps(facts).find((one) => one.title.startsWith('Update the packages'))
    const effect = step !== undefined && isChange(step) ? (step.effect ?? []) : []
    expect(effect.slice(0, 2).map(({ what, before: from }) => [what, from])).toEqual([
      ['linux-image-6.8.0-88-generic (security)', 'not installed'],
      ['openssl (security)', '3.0.13-0ubuntu3.5'],
    ])
    expect(effect.find(({ what }) => what === 'other packages')).toMatchObject({ count: 10 })
    expect(update.elsewhere?.(facts)).toEqual(['1 package stays as apt keeps them back on hetzner2: snapd'])
  })

  test('an upgrade that ends in its middle is told in apt’s words, and the node is not rebooted', async () => {
    await subject.reset()
    pending()
    state().write('apt-fails', 'E: Sub-process /usr/bin/dpkg returned an error code (1)\n')
    const boot = sandbox().nodes.node(second.alias).boot()
    expect(await writer().updatePackages(second.alias).catch(reasonOf)).toMatch(
      /^apt of hetzner2 did not come to its end: E: Sub-process \/usr\/bin\/dpkg returned an error code \(1\)$/,
    )
    await writer().rebootWhereAsked(second.alias)
    expect(sandbox().nodes.node(second.alias).boot()).toBe(boot)
    rmSync(join(sandbox().dir, 'nodes', second.alias, 'state/apt-fails'))
  })

  test('what was done is told afterwards, with whether it booted', async () => {
    await subject.reset()
    pending([pendingOpenssl])
    const facts = await gather()
    await writer().updatePackages(second.alias)
    expect(update.came?.(facts, await gather())).toEqual(['hetzner2 has 1 package updated, 1 of security, and no boot was asked for'])
    expect(update.came?.(facts, facts)).toEqual([])
  })
})
