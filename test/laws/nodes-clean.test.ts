import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { reasonOf } from '../../src/lib/errors.ts'
import { readersOf } from '../../src/lib/plan/plan.ts'
import { clean } from '../../src/lib/procedures/nodes/clean.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { addImages, diskOf, imagesOfBefore, setDisk, snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { contextOf } from '../support/context.ts'
import { useSystems } from '../support/systems-of.ts'
import { useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const [, { alias }] = nodes
const input = { node: alias }
const state = () => sandbox().nodes.node(alias).state
const litter = () => worlds['hetzner2 full of litter'](sandbox())

const observe = () => ({
  disk: diskOf(state()),
  images: state().read('images').trim(),
  snapshots: readdirSync(join(sandbox().dir, 'nodes', alias, 'root', snapshotFolder)).sort(),
})

laws(clean, wholeSubject({ sandbox, systems, close, observe }), [
  { name: 'months of litter', input, arrange: () => void litter(), meets: 'work', long: true },
  { name: 'a full journal alone', input, arrange: () => setDisk(state(), { journal: 52_000_000, rest: 21_000_000 }), meets: 'work' },
  { name: 'images of before alone', input, arrange: () => addImages(state(), imagesOfBefore), meets: 'work' },
  { name: 'nothing to clean', input, arrange: () => {}, meets: 'nothing to do' },
  {
    name: 'full of what nobody may take',
    input,
    arrange: () => setDisk(state(), { volumes: 68_000_000 }),
    meets: 'nothing to do',
  },
])

const gather = async () => {
  const readers = readersOf(systems(), clean.needs)
  return clean.gather(input, readers, { ...contextOf(sandbox().environment), clock: systemClock })
}

describe('nodes:clean', () => {
  test('what has a name, the newest on-demand snapshot and those that k3s made stay', async () => {
    const { OLD_SNAPSHOT } = litter() as { OLD_SNAPSHOT: string }
    const { found, litter: all } = await gather()
    expect(all.snapshots).toHaveLength(8)
    expect(found.snapshots.map(({ name }) => name)).toEqual([OLD_SNAPSHOT])
    expect(found.images.map(({ names: [name] }) => name)).toEqual(imagesOfBefore.map(({ name }) => name))
  })

  test('an image that a rollback may need is told', async () => {
    addImages(state(), imagesOfBefore)
    const facts = await gather()
    const [api = ''] = imagesOfBefore.map(({ name }) => name)
    expect(clean.beyond?.({ ...facts, kept: { value: new Set([api, 'elsewhere:1']) } })).toContainEqual(
      `A rollback to ${api} would pull it to hetzner2 again; whether the registry still has it: honeydue deploy:status`,
    )
    expect(clean.beyond?.({ ...facts, kept: { value: new Set(['elsewhere:1']) } }).join()).not.toMatch(/rollback/)
  })

  test('where it cannot make room enough that is told, and no proof is promised', async () => {
    setDisk(state(), { volumes: 66_000_000, journal: 2_000_000 })
    const facts = await gather()
    expect(clean.elsewhere?.(facts)).toEqual([
      expect.stringMatching(/^What can be cleaned on hetzner2 is 1\.5 GB, and too little: .*nodes:disk hetzner2$/),
    ])
    expect(clean.steps(facts).map(({ title }) => title)).not.toContainEqual(expect.stringMatching(/free$/))
  })

  test('what was freed is told afterwards, by what the file system says', async () => {
    setDisk(state(), { journal: 4_100_000 })
    const before = await gather()
    setDisk(state(), { journal: 100_000 })
    expect(clean.came?.(before, await gather())).toEqual([
      expect.stringMatching(/^hetzner2 has \d+ GB of 80 GB free on \/: 4\.1 GB more than before$/),
    ])
    expect(clean.came?.(before, before)).toEqual([])
  })

  test('where containerd is silent the rest is cleaned, and images and snapshots are left', async () => {
    litter()
    state().write('services/k3s', 'inactive\n')
    const facts = await gather()
    expect(clean.steps(facts).map(({ title }) => title)).toEqual([
      'Cut the journal of hetzner2 to 500 MB',
      'Remove the packages that apt has fetched on hetzner2',
      'hetzner2 has 15 % of its disk free',
    ])
    expect(clean.beyond?.(facts).join()).toMatch(/containerd of hetzner2 does not answer: images and snapshots stay/)
  })

  test('apt that is at work refuses in its own words, and another machine is never cleaned', async () => {
    litter()
    state().write('apt-locked', 'yes')
    expect(await systems().nodes.write.cleanPackages(alias).catch(reasonOf)).toMatch(/refused "apt-get clean".*held by process 4711/)
    state().write('hostname', 'another-machine\n')
    await close()
    const before = state().read('images')
    await expect(systems().nodes.write.pruneImages(alias)).rejects.toMatchObject({ code: 'ssh-other-machine' })
    expect(state().read('images')).toBe(before)
  })

  test('who may not be root is refused in sudo’s words', async () => {
    const { configFile } = sandbox().nodes
    const config = readFileSync(configFile, 'utf8')
    try {
      writeFileSync(configFile, config.replaceAll('User root', 'User deploy'))
      state().write('sudo', 'password')
      expect(await gather().catch(reasonOf)).toMatch(/sudo: a password is required/)
    } finally {
      writeFileSync(configFile, config)
    }
  })
})
