import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { anotherJoins } from '../../src/lib/drills/breaks.ts'
import { beforeReplaceNote, replacesNote } from '../../src/lib/notes.ts'
import { prepare } from '../../src/lib/plan/plan.ts'
import { replace } from '../../src/lib/procedures/nodes/replace.ts'
import { nodes } from '../../src/lib/sandbox/deployment/facts.ts'
import type { KubeObject } from '../../src/lib/sandbox/kubernetes/types.ts'
import { contextOf } from '../support/context.ts'
import { eventually, machineGone } from '../support/worlds.ts'
import { laws } from './laws.ts'
import { clusterOf, machines, useNodes } from './nodes-subject.ts'

const { sandbox, subject, client, noted, drop, away } = useNodes({ afresh: true })
const [first, second, third] = nodes
const input = { node: second.alias, address: undefined, provisioned: false }
const elsewhere = '203.0.113.7'
const nodeNow = () => client().get(machines, second.hostname)
const state = (alias: string) => sandbox().nodes.node(alias).state
const note = (index: 0 | 2, what: object) =>
  client().update(machines, nodes[index].hostname, undefined, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [beforeReplaceNote]: JSON.stringify(what) }
  })
const mine = { 'honeydue.dev/pool': 'a' }
const dedicated = { key: 'dedicated', value: 'edge', effect: 'PreferNoSchedule' }
const former = (uid = nodeNow()?.metadata.uid ?? '') => ({
  node: second.hostname,
  uid,
  address: second.address,
  names: ['api.myhoneydue.com', 'admin.myhoneydue.com'],
  labels: mine,
  taints: [dedicated],
})

const gone = async (address?: string) => {
  // Until the sandbox's kubelets have taken up what they find after a reset, as they had long before.
  await systemClock.sleep(200)
  client().update(machines, second.hostname, undefined, (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, ...mine }
    draft['spec'] = { ...(draft['spec'] as object), taints: [dedicated] }
  })
  await machineGone(sandbox(), 1)
  anotherJoins(sandbox(), second.alias, address)
}
const isReady = (node: KubeObject | undefined) =>
  (
    node?.['status'] as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined
  )?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true
const removed = () => client().delete(machines, second.hostname, undefined)
const joined = async () => {
  removed()
  const settled = () => (nodeNow()?.['spec'] as { readonly taints?: unknown } | undefined)?.taints === undefined && isReady(nodeNow())
  await eventually(async () => settled())
  await clusterOf(sandbox())
}
const marked = (uid: string) =>
  client().update(machines, second.hostname, undefined, (draft) => {
    draft.metadata.labels = { ...draft.metadata.labels, ...mine }
    draft.metadata.annotations = { ...draft.metadata.annotations, [replacesNote]: uid }
    draft['spec'] = { ...(draft['spec'] as object), taints: [dedicated] }
  })

const own = ({ metadata, spec, status }: KubeObject) => ({
  pool: metadata.labels?.['honeydue.dev/pool'],
  replaced: metadata.annotations?.[replacesNote] !== undefined,
  noted: metadata.annotations?.[beforeReplaceNote] !== undefined,
  taints: ((spec as { readonly taints?: readonly { readonly key: string }[] }).taints ?? []).map(({ key }) => key),
  addresses: (status as { readonly addresses?: unknown }).addresses,
})

laws(
  replace,
  {
    ...subject,
    observe: async () => ({ ...(await subject.observe()), nodes: client().list(machines).map(own) }),
  },
  [
    { name: 'its machine is gone', input, arrange: () => gone(), meets: 'work', long: true },
    {
      name: 'the new one has another address',
      input: { ...input, address: elsewhere },
      arrange: async () => {
        state(first.alias).write(
          'ufw/rules4',
          `${state(first.alias).read('ufw/rules4').trim()}\nallow|in|tcp|${second.address}|6443|any|\n`,
        )
        await gone(elsewhere)
      },
      meets: 'work',
      long: true,
    },
    {
      name: 'a run that was killed once the new one had joined',
      input,
      arrange: async () => {
        await gone()
        note(2, former())
        drop(second.address)
        await joined()
      },
      meets: 'work',
      long: true,
      broken: true,
    },
    {
      name: 'another one has taken its place',
      input,
      arrange: async () => {
        await gone()
        const { uid } = former()
        await joined()
        marked(uid)
      },
      meets: 'nothing to do',
    },
    { name: 'it answers', input, arrange: () => {}, refused: /hetzner2 answers over SSH: it is not gone; the kubelet of hetzner2 reports/ },
    {
      name: 'somebody had removed its Node, and the new one has joined',
      input,
      arrange: async () => {
        await gone()
        await joined()
      },
      refused: /hetzner2 answers over SSH: it is not gone; the kubelet of hetzner2 reports/,
    },
    {
      name: 'it is away from SSH alone',
      input,
      arrange: async () => void (await sandbox().nodes.fail(second.alias, 'no-sessions')),
      refused: /the kubelet of hetzner2 reports: it is not gone/,
    },
    {
      name: 'etcd hears from it',
      input,
      arrange: async () => {
        await gone()
        state(second.alias).write('away', '')
      },
      refused: /etcd hears from a member that is on none of hetzner1, hetzner3: hetzner2 is not gone/,
    },
    {
      name: 'etcd of another server does not answer',
      input,
      arrange: async () => {
        await gone()
        await sandbox().nodes.fail(third.alias, 'no-sessions')
      },
      refused: /etcd of hetzner3 does not answer: whether a quorum is left without hetzner2 is not known/,
    },
    {
      name: 'another server has no vote',
      input,
      arrange: async () => {
        await gone()
        const { read, write } = state(third.alias)
        write('etcd', read('etcd').replace('learner 0', 'learner 1'))
      },
      refused: /etcd would have no quorum without hetzner2: 1 of 2 voters answer/,
    },
    {
      name: 'a reboot of another node has begun',
      input,
      arrange: async () => {
        await gone()
        noted(2, { cordoned: false, names: [], boot: '' })
      },
      refused: /a reboot of ubuntu-8gb-nbg1-3 has begun and is not at its end/,
    },
    {
      name: 'the place of another one is being taken',
      input,
      arrange: async () => {
        await gone()
        note(0, { ...former(), node: third.hostname })
      },
      refused: /a replacement of ubuntu-8gb-nbg1-3 has begun and is not at its end/,
    },
  ],
)

const plan = (wanted: { readonly node: string; readonly address: string | undefined; readonly provisioned: boolean } = input) =>
  prepare(replace, wanted, subject.systems(), contextOf(subject.environment()))

describe('nodes:replace', () => {
  test('what its disk alone had is named, and Redis with the way to have it back before', async () => {
    await subject.reset()
    await machineGone(sandbox(), 0)
    const { plan: made } = await plan({ node: first.alias, address: undefined, provisioned: false })
    expect(made.beyond.join('\n')).toMatch(
      /The volume of honeydue\/redis-data was on its disk alone and is lost[\s\S]*honeydue redis:recover hetzner2/,
    )
  })

  test('a node that nobody knows is refused', async () => {
    await subject.reset()
    await expect(plan({ node: 'hetzner9', address: undefined, provisioned: false })).rejects.toThrow(/There is no node "hetzner9"/)
  })

  test('with two machines away the cluster does not answer, and nothing is planned', async () => {
    await subject.reset()
    await away(2)
    await sandbox().nodes.setUp(second.alias, false)
    await expect(plan()).rejects.toThrow(/answered 500|cannot be reached/)
  })
})
