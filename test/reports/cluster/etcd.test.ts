import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../src/lib/clock.ts'
import { clusterEtcd } from '../../../src/lib/reports/cluster/etcd.ts'
import { snapshotFolder } from '../../../src/lib/sandbox/nodes/disk-state.ts'
import { useSystems } from '../../support/systems-of.ts'
import { useSandbox } from '../../support/worlds.ts'

const sandbox = useSandbox({ postgres: false })
const { systems } = useSystems(sandbox)
const state = (alias = 'hetzner2') => sandbox().nodes.node(alias).state
const set = (alias: string, what: string, value: string | number) =>
  state(alias).write(
    'etcd',
    state(alias)
      .read('etcd')
      .replace(new RegExp(`^${what} .*$`, 'm'), `${what} ${value}`),
  )

/** `later`: hours that the operator's clock is ahead. */
const look = async (later = 0) =>
  clusterEtcd.look(
    {},
    { nodes: systems().nodes.read },
    {
      environment: sandbox().environment,
      clock: { ...systemClock, now: () => new Date(Date.now() + later * 3_600_000) },
      signal: new AbortController().signal,
    },
  )
const told = async (later?: number) => (await look(later)).findings.map(({ level, text }) => `${level} ${text}`)

describe('cluster:etcd', () => {
  test('three members, one of them the leader, with database, latency and snapshots; nothing to tell where all is well', async () => {
    const { findings, tables, notes } = await look()
    expect(findings).toEqual([])
    expect(
      tables[0]?.rows.map(([alias, , role, database, quota, fsync, snapshots]) => [alias, role, database, quota, fsync, snapshots]),
    ).toEqual([
      ['hetzner1', 'leader', '46 MB', '2 %', '4 ms', '5'],
      ['hetzner2', 'follower', '46 MB', '2 %', '4 ms', '5'],
      ['hetzner3', 'follower', '46 MB', '2 %', '4 ms', '5'],
    ])
    expect(notes).toContain('Quorum: 3 of 3 voters, 2 needed; it survives the loss of one')
    expect(notes?.at(-1)).toMatch(/at one provider: that is no backup$/)
  })

  test('with one machine away the others have a quorum, and none to spare', async () => {
    await sandbox().nodes.setUp('hetzner1', false)
    expect(await told()).toEqual([
      'wrong etcd would lose its quorum with one more member: 2 of 3 voters answer, 2 are needed',
      expect.stringMatching(/^wrong No answer from hetzner1 over SSH/),
    ])
    expect((await look()).tables[0]?.rows.map(([, , role]) => role)).toEqual(['', 'leader', 'follower'])
  })

  test('with two away it is lost, and the one that is left says so', async () => {
    await sandbox().nodes.setUp('hetzner1', false)
    state('hetzner3').write('services/k3s', 'failed\n')
    const { findings, notes } = await look()
    expect(findings.map(({ text, next }) => [text, next])).toEqual([
      [expect.stringMatching(/^etcd has lost its quorum: 1 of 3 voters answer, 2 are needed/), 'honeydue runbook:show cluster:restore'],
      [expect.stringMatching(/^No answer from hetzner1/), expect.any(String)],
      ['etcd of hetzner2 has no leader', 'honeydue nodes:status'],
      ['etcd of hetzner3 does not answer', "ssh hetzner3 'sudo journalctl -u k3s -n 50'"],
    ])
    expect(notes?.[0]).toBe('Quorum: 1 of 3 voters, 2 needed; it is lost')
  })

  test('a machine that SSH does not reach, and that the others hear from, is no loss', async () => {
    await sandbox().nodes.fail('hetzner3', 'changed-host-key')
    expect(await told()).toEqual([expect.stringMatching(/^wrong No answer from hetzner3 over SSH/)])
  })

  test('a learner has no vote', async () => {
    set('hetzner3', 'learner', 1)
    expect(await told()).toEqual([
      'wrong etcd would lose its quorum with one more member: 2 of 2 voters answer, 2 are needed',
      'warning etcd of hetzner3 is a learner: it has no vote yet',
    ])
  })

  test('an alarm, a database near its quota, and slow writes', async () => {
    set('hetzner2', 'alarm', 'NOSPACE')
    set('hetzner2', 'size', 2_000_000_000)
    set('hetzner3', 'slow', 3)
    expect(await told()).toEqual([
      'wrong etcd of hetzner2 says ALARM NOSPACE: it takes no write until there is room and the alarm is disarmed',
      'wrong etcd of hetzner2 has 2.0 GB of 2.1 GB: when it is full, nothing in the cluster can be changed',
      'warning etcd of hetzner3: one in a hundred writes to its disk takes up to 128 ms; ten are advised',
    ])
  })

  test('snapshots that are missing or late; none at all is worst', async () => {
    const folder = join(sandbox().dir, 'nodes/hetzner1/root', snapshotFolder)
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
    state('hetzner1').write('services/ssh', 'active\n')
    const hours = (Date.now() / 3_600_000) % 12
    expect(await told(13.5 - hours)).toEqual([
      'wrong hetzner1 has no snapshot of etcd',
      expect.stringMatching(/^warning The newest snapshot on hetzner2 is 13 h 30 min old/),
      expect.stringMatching(/^warning The newest snapshot on hetzner3 is 13 h/),
    ])
    expect((await told(26 - hours)).slice(1)).toEqual([
      expect.stringMatching(/^wrong .*hetzner2 is 1 d 2 h old/),
      expect.stringMatching(/^wrong /),
    ])
  })

  test('snapshots that k3s is told to send away are told as such, and nothing of its configuration is', async () => {
    sandbox().nodes.node('hetzner1').put('etc/rancher/k3s/config.yaml', 'etcd-s3: true\netcd-s3-secret-key: planted-key\n')
    const view = await look()
    expect(view.notes?.at(-1)).toMatch(/object storage too$/)
    expect(JSON.stringify(view)).not.toContain('planted-key')
  })
})
