import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { isChange } from '../../src/lib/plan/procedure.ts'
import { upgrade } from '../../src/lib/procedures/cluster/upgrade.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { setDisk, snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { contextOf } from '../support/context.ts'
import { runOf } from '../support/run-of.ts'
import { runK3s } from '../support/upgraded.ts'
import { laws } from './laws.ts'
import { machines, useNodes } from './nodes-subject.ts'

const { sandbox, subject, client, noted, notedNow, drop, away, emptied } = useNodes({ afresh: true })
const [first, second, third] = nodes
const to = 'v1.34.7+k3s1'
const input = { to, within: 20_000 }
const state = (alias: string) => sandbox().nodes.node(alias).state
const root = (alias: string, file: string) => join(sandbox().dir, 'nodes', alias, 'root', file)
const programs = (alias: string) =>
  readdirSync(root(alias, 'usr/local/bin'))
    .sort()
    .map((name) => [name, readFileSync(root(alias, `usr/local/bin/${name}`), 'utf8')])
const reported = (hostname: string) =>
  (client().get(machines, hostname)?.['status'] as { readonly nodeInfo?: { readonly kubeletVersion: string } } | undefined)?.nodeInfo
    ?.kubeletVersion
const runs = (alias: string, version = to) => runK3s(sandbox(), alias, version)
const last = async () => {
  await runs(second.alias)
  await runs(third.alias)
}
const before = () => ({
  cordoned: false,
  names: ['api.myhoneydue.com', 'admin.myhoneydue.com'],
  boot: sandbox().nodes.node(second.alias).boot(),
  upgrade: to,
})
const underWay = async () => {
  noted(1, before())
  drop(second.address)
  await emptied(1)
}

laws(
  upgrade,
  {
    ...subject,
    observe: async () => ({
      ...(await subject.observe()),
      noted: notedNow(),
      k3s: nodes.map(({ alias, hostname }) => [alias, reported(hostname), programs(alias)]),
      saved: nodes.map(({ alias }) => readdirSync(root(alias, snapshotFolder)).filter((name) => name.startsWith('before-')).length),
    }),
  },
  [
    {
      name: 'two servers run it, one is left',
      input,
      arrange: async () => {
        await runs(first.alias)
        await runs(third.alias)
      },
      meets: 'work',
      long: true,
      passing: true,
    },
    { name: 'one after another', input, arrange: () => {}, meets: 'work', long: true, passing: true },
    {
      name: 'to the next minor release',
      input: { ...input, to: 'v1.35.3+k3s1' },
      arrange: () => {},
      meets: 'work',
      long: true,
      passing: true,
    },
    {
      name: 'a run that was killed while the node was empty',
      input,
      arrange: async () => {
        await runs(first.alias)
        await runs(third.alias)
        await underWay()
      },
      meets: 'work',
      long: true,
      passing: true,
    },
    {
      name: 'a run that was killed once the node ran it',
      input,
      arrange: async () => {
        await last()
        await runs(first.alias)
        await underWay()
      },
      meets: 'work',
      long: true,
      passing: true,
      // Taken back, it comes to what stood before the upgrade, and not to the half of it.
      broken: true,
    },
    {
      name: 'all of them run it',
      input,
      arrange: async () => {
        await last()
        await runs(first.alias)
      },
      meets: 'nothing to do',
    },
    {
      name: 'an older release',
      input: { ...input, to: 'v1.33.10+k3s1' },
      arrange: () => {},
      refused: /hetzner1 runs v1\.34\.6\+k3s1, which is newer than v1\.33\.10\+k3s1: k3s goes back by cluster:restore alone/,
    },
    {
      name: 'a minor release is skipped',
      input: { ...input, to: 'v1.36.0+k3s1' },
      arrange: () => {},
      refused: /hetzner2 runs v1\.34\.6\+k3s1, and v1\.36\.0\+k3s1 skips a minor release: v1\.35 comes first/,
    },
    {
      name: 'one server is ahead of it',
      input,
      arrange: () => runs(third.alias, 'v1.35.3+k3s1'),
      refused: /hetzner3 runs v1\.35\.3\+k3s1, which is newer than v1\.34\.7\+k3s1/,
    },
    {
      name: 'no such release',
      input: { ...input, to: 'v1.34.99+k3s1' },
      arrange: () => {},
      refused: /hetzner1 does not get v1\.34\.99\+k3s1: https:\/\/github\.com\S+sha256sum-amd64\.txt answers 404/,
    },
    {
      name: 'a node does not get out to the place of releases',
      input,
      arrange: () => state(second.alias).write('k3s-unreachable', ''),
      refused: /hetzner2 does not get v1\.34\.7\+k3s1: .*curl: \(6\) Could not resolve host: github\.com/,
    },
    {
      name: 'another server is away',
      input,
      arrange: () => away(2),
      refused: /hetzner3 is NotReady: without hetzner1 too, etcd would lose/,
    },
    { name: 'a server does not answer', input, arrange: () => away(1), refused: /hetzner2 does not answer: / },
    {
      name: 'no room',
      input,
      arrange: () => setDisk(state(second.alias), { volumes: 70_400_000 }),
      refused: /hetzner2 has \d+ MB free, and k3s with what it unpacks takes up to \d+ MB/,
    },
    {
      name: 'systemd starts another program as k3s',
      input,
      arrange: () => state(second.alias).write('k3s-program', '/opt/k3s/bin/k3s'),
      refused: /systemd of hetzner2 starts \/opt\/k3s\/bin\/k3s as k3s/,
    },
    {
      name: 'its program is none of its own',
      input,
      arrange: () => rmSync(root(second.alias, 'usr/local/bin/k3s')),
      refused: /\/usr\/local\/bin\/k3s of hetzner2 is no file of its own that says its version/,
    },
    {
      name: 'an architecture that no file is for',
      input,
      arrange: () =>
        void client().update(
          machines,
          second.hostname,
          undefined,
          (draft) => {
            const { nodeInfo } = draft['status'] as { readonly nodeInfo: object }
            draft['status'] = { ...(draft['status'] as object), nodeInfo: { ...nodeInfo, architecture: 'riscv64' } }
          },
          { subresource: 'status' },
        ),
      refused: /which file of k3s is for hetzner2, whose architecture is "riscv64", is not known/,
    },
    {
      name: 'who signs in may not upgrade it',
      input,
      arrange: () => {
        const { configFile } = sandbox().nodes
        writeFileSync(configFile, readFileSync(configFile, 'utf8').replaceAll('User root', 'User deploy'))
        state(second.alias).write('sudo', 'ufw')
      },
      refused: /who signs in to hetzner2 may not upgrade it: .*a password is required/,
    },
  ],
)

const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 50), signal) }
const plan = (wanted = input) => prepare(upgrade, wanted, subject.systems(), contextOf(subject.environment()))

describe('cluster:upgrade', () => {
  test('what is not what the release says is thrown away, and every server is as it was', async () => {
    await subject.reset()
    const was = nodes.map(({ alias }) => programs(alias))
    state(second.alias).write('k3s-broken', '')
    const prepared = await plan()
    expect(prepared.plan.blocked).toEqual([])
    const { trouble } = await perform(prepared, runOf(subject.systems(), upgrade.needs, { clock }))
    expect(trouble).toMatchObject({
      failed: 'Fetch k3s v1.34.7+k3s1 for hetzner2: hetzner2 has not fetched k3s v1.34.7+k3s1, and is as it was',
      likely: expect.stringMatching(/what came has the checksum [0-9a-f]{64}, and the release says [0-9a-f]{64}/),
    })
    expect(programs(second.alias)).toEqual(was[1])
    expect(
      client()
        .list(machines)
        .some(({ spec }) => (spec as { unschedulable?: boolean }).unschedulable),
    ).toBe(false)
    expect(nodes.map(({ hostname }) => reported(hostname))).toEqual(['v1.34.6+k3s1', 'v1.34.6+k3s1', 'v1.34.6+k3s1'])
  })

  test('a server that does not come back is the last one that was touched, and the program of before is beside it', async () => {
    await subject.reset()
    await runs(first.alias)
    state(second.alias).write('k3s-fails', '')
    const prepared = await plan()
    const { trouble } = await perform(prepared, runOf(subject.systems(), upgrade.needs, { clock }))
    expect(trouble).toMatchObject({ failed: expect.stringContaining('k3s of hetzner2 was not brought to v1.34.7+k3s1') })
    expect(reported(third.hostname)).toBe('v1.34.6+k3s1')
    expect(existsSync(root(second.alias, 'usr/local/bin/k3s-v1.34.6+k3s1'))).toBe(true)
  }, 60_000)

  test('a program that is in its place is no upgrade before k3s has started it', async () => {
    await subject.reset()
    await runs(first.alias)
    await runs(third.alias)
    for (const name of ['k3s', `k3s-${to}`])
      copyFileSync(root(first.alias, 'usr/local/bin/k3s'), root(second.alias, `usr/local/bin/${name}`))
    expect(reported(second.hostname)).toBe('v1.34.6+k3s1')
    const prepared = await plan()
    expect(prepared.plan.steps.map(({ title }) => title)).toContain('Upgrade k3s on hetzner2 to v1.34.7+k3s1')
    const { trouble } = await perform(prepared, runOf(subject.systems(), upgrade.needs, { clock }))
    expect(trouble).toBeUndefined()
    expect(reported(second.hostname)).toBe(to)
  }, 60_000)

  test('one release after another: each program of before is kept, and the one that runs is the last', async () => {
    await subject.reset()
    const { write, read } = subject.systems().nodes
    for (const version of [to, 'v1.34.7+k3s2']) {
      const found = await read.k3sRelease(first.alias, {
        file: 'k3s',
        url: `https://github.com/k3s-io/k3s/releases/download/${encodeURIComponent(version)}/k3s`,
        sums: `https://github.com/k3s-io/k3s/releases/download/${encodeURIComponent(version)}/sha256sum-amd64.txt`,
      })
      await write.fetchK3s(first.alias, { url: found.url, version, sha256: 'sha256' in found ? found.sha256 : '' })
      await write.upgradeK3s(first.alias, { version })
      await write.upgradeK3s(first.alias, { version })
      expect(await read.k3sInstalled(first.alias, version)).toMatchObject({ version })
    }
    expect(readdirSync(root(first.alias, 'usr/local/bin')).sort()).toEqual([
      'k3s',
      'k3s-v1.34.6+k3s1',
      'k3s-v1.34.7+k3s1',
      'k3s-v1.34.7+k3s2',
    ])
  })

  test('the place of releases away in mid-upgrade: what was fetched and runs elsewhere is good', async () => {
    await subject.reset()
    await runs(first.alias)
    await runs(third.alias)
    const { write } = subject.systems().nodes
    const fetch = (await plan()).steps.find(({ title }) => title === 'Fetch k3s v1.34.7+k3s1 for hetzner2')
    if (fetch && isChange(fetch)) await fetch.apply({ nodes: write } as never, new AbortController().signal)
    for (const { alias } of nodes) state(alias).write('k3s-unreachable', '')
    expect((await plan()).plan.blocked).toEqual([])
  })

  test('what the release removes, and somebody has asked for, is put to a person', async () => {
    await subject.reset()
    const labels = 'group="flowcontrol.apiserver.k8s.io",removed_release="1.35",resource="flowschemas",subresource="",version="v1beta3"'
    sandbox().kubernetes.fail({
      match: ({ path }) => path === '/metrics',
      answer: { status: 200, body: `apiserver_requested_deprecated_apis{${labels}} 1\n` },
    })
    const asked = async (wanted: string) =>
      (await plan({ ...input, to: wanted })).plan.steps.flatMap(({ kind, title }) => (kind === 'gate' ? [title] : []))
    expect(await asked('v1.35.3+k3s1')).toEqual(['Nobody needs what v1.35 removes'])
    expect(await asked(to)).toEqual([])
  })

  test('another minor release is weighed as what nothing but a restore takes back', async () => {
    await subject.reset()
    expect((await plan({ ...input, to: 'v1.35.3+k3s1' })).plan.risk).toBe('irreversible')
    expect(upgrade.choices.to.refuse?.('v1.34.7')).toMatch(/is no release of k3s/)
    expect(upgrade.choices.to.refuse?.('v1.34.7-rc1+k3s1')).toMatch(/is no release of k3s/)
  })
})
