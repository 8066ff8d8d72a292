import { join } from 'node:path'
import { namespace, nodes } from '../../sandbox/deployment/facts.ts'
import { quoted } from '../../sandbox/quoted.ts'
import type { Drill, World } from '../drill.ts'

const [gone, , other] = nodes
const labels = { 'app.kubernetes.io/name': 'redis' }
const pods = { group: '', resource: 'pods' }

interface PodFields {
  readonly nodeName?: string
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

const runsElsewhere = ({ sandbox: { kubernetes } }: World): boolean =>
  kubernetes.client.list(pods, { namespace, labels }).some(({ spec, status }) => {
    const ready = ((status ?? {}) as PodFields).conditions?.some((one) => one.type === 'Ready' && one.status === 'True')
    return ready && (spec as PodFields).nodeName !== gone.hostname
  })

/** The machine that Redis is pinned to is gone for good, and its volume with it. */
export const drill: Drill = {
  name: 'redis-lost',
  origin: 'Redis lost its data with the node that it is pinned to',
  source: 'chapter 16',
  heard: 'Support: "Nobody can log in, reminders do not come." A colleague: "Hetzner says that machine will not come back."',
  hints: [
    'Which machine is it, and what ran there alone? honeydue nodes:status, honeydue cluster:health',
    `Redis is pinned to ${gone.hostname}, and so is its volume: it has to start empty on another one. The cache fills itself, the queue is lost`,
  ],
  breaks: async (world) => {
    const { sandbox, signal } = world
    await sandbox.nodes.setUp(gone.alias, false)
    sandbox.redis.fail({ kind: 'silent' })
    const unwatch = sandbox.kubernetes.client.watch(({ resource }) => {
      if (resource.resource !== 'pods' || !runsElsewhere(world)) return
      unwatch()
      // Another volume: nothing is in it.
      for (const key of [...sandbox.redis.store.keys()]) sandbox.redis.store.delete(key)
      sandbox.redis.fail(undefined)
    })
    signal.addEventListener('abort', unwatch, { once: true })
  },
  over: (world) => {
    const left = world.sandbox.cloudflare.state.records.filter(({ content }) => content === gone.address)
    return [
      { what: 'Redis runs on a machine that is there', because: runsElsewhere(world) ? undefined : 'it does not' },
      { what: `No name leads to ${gone.alias}`, because: left.length === 0 ? undefined : `${left.length} still do` },
    ]
  },
  leaves: ['names at Cloudflare', ...['api', 'web', 'admin', 'worker', 'redis', 'vmagent'].map((name) => `ready pods of ${name}`)],
  loses: ['jobs'],
  page: 'cluster:health',
  way: ({ sandbox: { environment, kubernetes } }) => {
    const manifest = quoted(join(environment.checkout, 'deploy-k3s/manifests/redis.yaml'))
    const [pod] = kubernetes.client.list(pods, { namespace, labels })
    return [
      ['edge:drain', gone.alias],
      { hand: `kubectl -n ${namespace} scale deployment/redis --replicas=0` },
      { hand: `kubectl -n ${namespace} delete pod ${pod?.metadata.name ?? ''} --force --grace-period=0` },
      { hand: `kubectl -n ${namespace} delete pvc redis-data` },
      { hand: `sed -i.bak s/${gone.hostname}/${other.hostname}/ ${manifest}` },
      { hand: `kubectl -n ${namespace} apply -f ${manifest}` },
    ]
  },
  again: ['Redis has one replica on one machine (ch07): what is in its queue lives as long as that machine.'],
}
