import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { nodesDisk } from '../../../src/lib/reports/nodes/disk.ts'
import { addImages, imagesOfBefore, setDisk } from '../../../src/lib/sandbox/nodes/disk-state.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)
const state = () => sandbox().nodes.node('hetzner2').state

const look = async (node?: string) =>
  nodesDisk.look(
    { node },
    { nodes: systems().nodes.read },
    { environment: sandbox().environment, clock: systemClock, signal: new AbortController().signal },
  )

const rowOf = async (what: string) => (await look()).tables[0]?.rows.find(([name]) => name === what)

describe('nodes:disk', () => {
  test('every node with what is free and what takes the rest; nothing to tell where there is room', async () => {
    const { findings, tables, unreachable } = await look()
    expect(findings).toEqual([])
    expect(unreachable).toBe(false)
    expect(tables[0]?.columns).toEqual(['', 'hetzner1', 'hetzner2', 'hetzner3'])
    const column = tables[0]?.rows.map(([what, , second]) => [what, second])
    expect(column?.slice(0, 3)).toEqual([
      ['free on /', '72 GB (90 %)'],
      ['inodes free', '93 %'],
      ['images and containers', '1.3 GB'],
    ])
    expect(column?.slice(-2)).toEqual([
      ['everything else', '5.3 GB'],
      ['nodes:clean removes', '0 B'],
    ])
  })

  test('a disk that its journal fills is told with what helps', async () => {
    setDisk(state(), { journal: 52_000_000, rest: 21_000_000 })
    expect((await look('hetzner2')).findings).toEqual([
      {
        level: 'wrong',
        text: expect.stringMatching(
          /^hetzner2 has 3\.2 GB of 80 GB free on \/: its kubelet evicts pods\. What takes most: journal, 53 GB$/,
        ),
        next: 'honeydue nodes:clean hetzner2 --dry-run',
      },
    ])
    expect(await rowOf('nodes:clean removes')).toEqual(['nodes:clean removes', '0 B', '53 GB', '0 B'])
  })

  test('where nothing can be cleaned it leads to a look', async () => {
    setDisk(state(), { volumes: 66_000_000 })
    expect((await look()).findings).toEqual([
      {
        level: 'wrong',
        text: expect.stringMatching(/its kubelet removes images\. What takes most: volumes \(local-path\), 68 GB$/),
        next: "ssh hetzner2 'sudo du -xhd2 /'",
      },
    ])
  })

  test('logs name the pod, and inodes that run out are wrong', async () => {
    setDisk(state(), { logs: 3_000_000, inodes: 4_700_000 })
    expect((await look('ubuntu-8gb-nbg1-1')).findings.map(({ level, text }) => [level, text])).toEqual([
      ['wrong', expect.stringMatching(/^hetzner2 has 3 % of its inodes free on \/: /)],
      ['warning', "hetzner2: containers' logs, 3.1 GB; most is of honeydue/api-7c9f6d8b5-x2k4q, 2.0 GB"],
    ])
  })

  test('images that nothing uses are counted, and those that are pinned or run are not', async () => {
    addImages(state(), imagesOfBefore)
    expect(await rowOf('nodes:clean removes')).toEqual(['nodes:clean removes', '0 B', '819 MB', '0 B'])
  })

  test('containerd that does not answer, a node that is silent, and a name that is none', async () => {
    state().write('services/k3s', 'inactive\n')
    await sandbox().nodes.setUp('hetzner3', false)
    const { findings, tables } = await look()
    expect(findings.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^No answer from hetzner3 over SSH: /),
      'containerd of hetzner2 does not say which images it has',
    ])
    expect(tables[0]?.rows[0]).toEqual(['free on /', '72 GB (90 %)', '72 GB (90 %)', '?'])
    await expect(look('hetzner9')).rejects.toMatchObject({ code: 'no-such-node' })
  })
})
