import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { reasonOf } from '../../src/lib/errors.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { takeBack, undoingOf } from '../../src/lib/plan/undo.ts'
import { restore } from '../../src/lib/procedures/cluster/restore.ts'
import { namespace, nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import { setDisk, snapshotFolder } from '../../src/lib/sandbox/nodes/disk-state.ts'
import { contextOf } from '../support/context.ts'
import { restored } from '../support/restored.ts'
import { runOf } from '../support/run-of.ts'
import { useSystems } from '../support/systems-of.ts'
import { lastSnapshot, useSandbox, worlds } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { wholeSubject } from './whole-subject.ts'

const sandbox = useSandbox({ postgres: false })
const { systems, close } = useSystems(sandbox)
const quorumLost = { snapshot: undefined, 'own-data': false, 'others-off': false }
const ownData = { ...quorumLost, 'own-data': true }
const named = () => ({ ...quorumLost, snapshot: lastSnapshot(sandbox()).SNAPSHOT })
const [first, second, third] = nodes
const everyone = nodes.map(({ hostname }) => hostname).sort()
const put = (alias: string, file: string, content: string) => sandbox().nodes.node(alias).put(file, content)
const config = 'etc/rancher/k3s/config.yaml'
const settings = { group: '', resource: 'configmaps' }
const lost = async () => void (await worlds['two servers away, and the quorum with them'](sandbox()))

/** Somebody has changed a setting since the snapshot; what it says now. */
const changeSetting = () =>
  sandbox().kubernetes.client.update(settings, 'honeydue-config', namespace, (draft) => {
    draft['data'] = { ...(draft['data'] as object), SINCE: 'the snapshot' }
  })
const setting = () =>
  (sandbox().kubernetes.client.get(settings, 'honeydue-config', namespace)?.['data'] as Readonly<Record<string, string>> | undefined)?.[
    'SINCE'
  ]

laws(
  restore,
  wholeSubject({
    sandbox,
    systems,
    close,
    observe: () => ({ servers: restored(sandbox()), setting: setting(), api: sandbox().nodes.api() }),
  }),
  [
    { name: 'a bad day: a snapshot is named', input: named, arrange: () => void changeSetting(), meets: 'work' },
    { name: 'the quorum is lost', input: quorumLost, arrange: lost, meets: 'work' },
    { name: 'the quorum is lost, and the data is kept', input: ownData, arrange: lost, meets: 'work' },
    {
      name: 'it was restored to it already',
      input: named,
      arrange: () => put(first.alias, `var/lib/rancher/k3s/server/db-before-${lastSnapshot(sandbox()).SNAPSHOT}/reset`, ''),
      meets: 'nothing to do',
    },
    {
      name: 'the quorum is there',
      input: quorumLost,
      arrange: () => {},
      refused: /etcd has its quorum: 3 of 3 voters answer, 2 are needed; for a bad day, --snapshot names the one to go back to/,
    },
    {
      name: 'two members answer, and one machine is away',
      input: quorumLost,
      arrange: () => sandbox().nodes.setUp(third.alias, false),
      refused: /etcd has its quorum: 2 of 3 voters answer/,
    },
    {
      name: 'the quorum is there, and own data would be enough',
      input: ownData,
      arrange: () => {},
      refused: /etcd has its quorum/,
    },
    {
      name: 'the one that is left joins another one',
      input: quorumLost,
      arrange: async () => {
        for (const { alias } of [first, third]) await sandbox().nodes.setUp(alias, false)
      },
      refused: /hetzner2 has "server:" in its \/etc\/rancher\/k3s\/config.yaml, and k3s resets none that joins another one/,
    },
    {
      name: 'one joins nobody',
      input: named,
      arrange: () => put(third.alias, config, 'tls-san:\n  - honeydue.example\n'),
      refused: /hetzner3 is told to join nobody .* it would begin a cluster of its own/,
    },
    {
      name: 'one joins a server that is away',
      input: () => ({ ...quorumLost, snapshot: 'etcd-snapshot-here-1790000000' }),
      arrange: async () => {
        put(second.alias, config, 'cluster-init: true\n')
        put(second.alias, `${snapshotFolder}/etcd-snapshot-here-1790000000`, '45056\n')
        await sandbox().nodes.setUp(first.alias, false)
      },
      refused: /hetzner3 is told to join 178\.104\.247\.152, which is hetzner1 and does not answer/,
    },
    {
      name: 'somebody has reset it, and not started it',
      input: named,
      arrange: () => {
        put(first.alias, 'var/lib/rancher/k3s/server/db/reset-flag', '')
        sandbox().nodes.node(first.alias).state.write('services/k3s', 'inactive\n')
      },
      refused: /etcd of hetzner1 has been reset by somebody, and k3s was not started since/,
    },
    {
      name: 'a disk without room',
      input: named,
      arrange: () => setDisk(sandbox().nodes.node(first.alias).state, { volumes: 70_400_000 }),
      refused: /hetzner1 has \d+ MB of its disk free; its database, \d+ MB, is copied and written anew/,
    },
  ],
)

describe('cluster:restore', () => {
  const clock = { now: systemClock.now, sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(Math.min(ms, 100), signal) }
  const prepared = (input: ReturnType<typeof named> | typeof quorumLost) =>
    prepare(restore, input, systems(), contextOf(sandbox().environment))
  const run = async (input: Parameters<typeof prepared>[0]) => {
    const one = await prepared(input)
    expect(one.plan.blocked).toEqual([])
    return { plan: one.plan, ...(await perform(one, runOf(systems(), restore.needs, { clock }))) }
  }

  test('after a lost quorum one server goes on alone; those that come back join it, their old databases aside', async () => {
    const { SNAPSHOT } = lastSnapshot(sandbox())
    changeSetting()
    await lost()
    expect(sandbox().nodes.api()).toBe('no quorum')
    const { plan, trouble, states } = await run(quorumLost)
    expect(trouble).toBeUndefined()
    expect(plan.steps[0]).toMatchObject({ kind: 'gate', title: 'What does not answer is off, and stays off' })
    expect(states[0]).toBe('settled')
    expect(plan.confirm).toBe('sandbox/etcd')
    expect(sandbox().nodes.api()).toBe('serves')
    expect(setting()).toBeUndefined()
    expect(restored(sandbox())[0]).toEqual({ k3s: 'active', members: [first.hostname], kept: [[`db-before-${SNAPSHOT}`, true, true]] })
    for (const { alias } of [second, third]) await sandbox().nodes.setUp(alias, true)
    await close()
    const again = await run(quorumLost)
    expect(again.trouble).toBeUndefined()
    expect(again.plan.steps.flatMap(({ title, already, kind }) => (kind === 'change' && !already ? [title] : []))).toEqual([
      'Stop k3s on hetzner2',
      'Stop k3s on hetzner3',
      'Move the database of hetzner2 aside',
      'Start k3s on hetzner2, which joins again',
      'Move the database of hetzner3 aside',
      'Start k3s on hetzner3, which joins again',
    ])
    expect(restored(sandbox()).map(({ k3s, members }) => [k3s, members])).toEqual(Array(3).fill(['active', everyone]))
    expect(restored(sandbox())[2]?.kept).toEqual([[`db-before-${SNAPSHOT}`, false, true]])
    await close()
    const nothing = await prepared(quorumLost)
    expect(nothing.plan.blocked).toEqual([])
    expect(nothing.plan.steps.filter(({ kind, already }) => kind === 'change' && !already)).toEqual([])
  }, 120_000)

  test('with its own data nothing is lost; who has said that the others are off is not asked', async () => {
    changeSetting()
    await lost()
    expect((await prepared({ ...ownData, 'others-off': true })).plan.steps.filter(({ kind }) => kind === 'gate')).toEqual([])
    const { trouble, plan } = await run(ownData)
    expect(trouble).toBeUndefined()
    expect(plan.beyond.join('\n')).not.toContain('Lost is what was changed')
    expect(setting()).toBe('the snapshot')
    expect(restored(sandbox())[0]?.members).toEqual([first.hostname])
  }, 60_000)

  test('a server that is reset and does not start is told, with where the database of before is; the others stay stopped', async () => {
    sandbox().nodes.node(first.alias).state.write('k3s-fails', '')
    const { trouble, plan } = await run(named())
    expect(trouble).toMatchObject({ failed: expect.stringMatching(/Start k3s on hetzner1: k3s of hetzner1 did not start again/) })
    expect(restored(sandbox()).map(({ k3s }) => k3s)).toEqual(['activating', 'inactive', 'inactive'])
    expect(plan.elsewhere?.join('\n')).toContain(`/var/lib/rancher/k3s/server/db-before-${lastSnapshot(sandbox()).SNAPSHOT} on hetzner1`)
  }, 60_000)

  test('a reset that k3s refuses is told; taken back, k3s runs on all of them as before', async () => {
    const one = await prepared(named())
    put(first.alias, config, 'server: https://178.105.32.198:6443\n')
    const performing = runOf(systems(), restore.needs, { clock })
    const { trouble, states } = await perform(one, performing)
    expect(trouble).toMatchObject({
      failed: expect.stringMatching(/^Reset etcd on hetzner1 to the snapshot: /),
      likely: expect.stringContaining('cannot perform cluster-reset while server URL is set'),
    })
    expect(sandbox().nodes.api()).toBe('none')
    const replan = async () => (await prepared(named())).plan
    const { left } = await takeBack(undoingOf({ prepared: one, states, run: performing, replan }), performing)
    expect(left).toEqual([expect.stringContaining('the other members are none any more')])
    expect(restored(sandbox())[0]?.kept).toEqual([])
    expect(restored(sandbox()).map(({ k3s, members }) => [k3s, members])).toEqual(Array(3).fill(['active', everyone]))
    expect(sandbox().nodes.api()).toBe('serves')
  }, 60_000)

  test('says how old the snapshot is; one that is not there, or is empty, is refused', async () => {
    const { AT, SNAPSHOT } = lastSnapshot(sandbox())
    const { plan } = await prepared(named())
    expect(plan.beyond).toContainEqual(expect.stringMatching(new RegExp(`^Lost is what was changed since ${AT}: `)))
    expect(plan.steps.flatMap(({ effect }) => effect.flatMap(({ note }) => note ?? []))).toContainEqual(
      expect.stringMatching(/^what was changed in the last \d+ (?:h|min|s).* is lost$/),
    )
    expect(await prepared({ ...quorumLost, snapshot: 'etcd-snapshot-elsewhere-1790000000' }).catch(reasonOf)).toMatch(
      /No server that answers has a snapshot etcd-snapshot-elsewhere-1790000000/,
    )
    put(first.alias, `${snapshotFolder}/${SNAPSHOT}`, '0\n')
    await close()
    expect((await prepared(named())).plan.blocked).toEqual([`${SNAPSHOT} is empty`])
  })
})
