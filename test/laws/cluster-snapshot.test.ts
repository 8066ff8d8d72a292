import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { reasonOf } from '../../src/lib/errors.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { isChange } from '../../src/lib/plan/procedure.ts'
import { snapshot } from '../../src/lib/procedures/cluster/snapshot.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { setDisk, snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const input = { name: 'on-demand', 'newer-than': 3_600_000, 'token-kept': false }
const [, second, third] = nodes
const state = (alias: string) => sandbox().nodes.node(alias).state
const folder = (alias: string) => join(sandbox().dir, 'nodes', alias, 'root', snapshotFolder)
const now = () => Math.floor(Date.now() / 1000)

/** One that somebody made so many seconds ago. */
const made = (index: 0 | 1 | 2, ago: number, kilobytes = 45_056, prefix = 'on-demand') => {
  const { alias, hostname } = nodes[index]
  const name = `${prefix}-${hostname}-${now() - ago}`
  writeFileSync(join(folder(alias), name), `${kilobytes}\n`)
  sandbox().nodes.node(alias).put('tmp/touched', '')
  return name
}

laws(
  snapshot,
  wholeSubject({
    sandbox,
    systems,
    close,
    observe: () =>
      nodes.map(({ alias }) =>
        readdirSync(folder(alias))
          .map((name) => name.replace(/\d{10}$/, 'then'))
          .sort(),
      ),
  }),
  [
    { name: 'none by hand', input, arrange: () => {}, meets: 'work' },
    { name: 'one server has one', input, arrange: () => void made(1, 600), meets: 'work' },
    { name: 'an old one is none', input, arrange: () => void made(0, 7200), meets: 'work' },
    { name: 'each has a young one', input, arrange: () => [0, 1, 2].forEach((one) => void made(one as 0, 600)), meets: 'nothing to do' },
    {
      name: 'no quorum',
      input,
      arrange: async () => {
        await sandbox().nodes.setUp(second.alias, false)
        await sandbox().nodes.setUp(third.alias, false)
      },
      refused: /etcd of hetzner1 has no leader: nothing can be saved without a quorum/,
    },
    {
      name: 'k3s of one is down',
      input,
      arrange: () => state(third.alias).write('services/k3s', 'failed\n'),
      refused: /etcd of hetzner3 does not answer/,
    },
    {
      name: 'a disk without room',
      input,
      arrange: () => setDisk(state(second.alias), { volumes: 70_500_000 }),
      refused: /hetzner2 has \d+ MB of its disk free, and a snapshot takes 46 MB/,
    },
  ],
)

const gather = async (over: Partial<typeof input> = {}) =>
  snapshot.gather({ ...input, ...over }, readersOf(systems(), snapshot.needs), { ...contextOf(sandbox().environment), clock: systemClock })

describe('cluster:snapshot', () => {
  test('a server that is away is told, and the others make theirs', async () => {
    await sandbox().nodes.setUp(third.alias, false)
    const facts = await gather()
    expect(snapshot.steps(facts).map(({ title }) => title)).toEqual([
      "The servers' token is kept off the nodes",
      'Save a snapshot of etcd on hetzner1',
      'Save a snapshot of etcd on hetzner2',
    ])
    expect(snapshot.elsewhere?.(facts)).toEqual([
      expect.stringMatching(/^hetzner3 makes none: /),
      expect.stringMatching(/^Three disks of one provider are no backup/),
    ])
  })

  test('who says on the command line that the token is kept is not asked', async () => {
    expect(snapshot.steps(await gather({ 'token-kept': true })).filter((step) => !isChange(step))).toEqual([])
  })

  test('where none can be asked it says why', async () => {
    for (const { alias } of nodes) await sandbox().nodes.setUp(alias, false)
    expect(await gather().catch(reasonOf)).toMatch(/hetzner1/)
  })

  test('a file that is much smaller than the database is no snapshot', async () => {
    const name = made(1, 60, 900)
    const step = snapshot.steps(await gather()).find(({ title }) => title.endsWith('hetzner2'))
    expect(step && isChange(step) && (await step.verify(readersOf(systems(), snapshot.needs)))).toMatchObject({
      ok: false,
      because: `${name} has 922 kB, and the database 46 MB`,
    })
  })

  test('one of another name does not count, and a name that k3s takes for its own is refused', async () => {
    made(0, 60)
    const steps = snapshot.steps(await gather({ name: 'before-upgrade' }))
    expect(steps.flatMap((step) => (isChange(step) ? (step.effect ?? []) : [])).map(({ before }) => before)).toEqual(
      Array(3).fill('none younger than 1 h'),
    )
    const { refuse } = snapshot.choices.name
    expect(['before-upgrade', 'etcd-snapshot', 'A b', "x'; rm"].map((given) => refuse?.(given) === undefined)).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
