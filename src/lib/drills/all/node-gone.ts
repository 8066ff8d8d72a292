import { nodes } from '../../sandbox/deployment/facts.ts'
import { anotherJoins } from '../breaks.ts'
import type { Drill } from '../drill.ts'

const [, , { alias, hostname }] = nodes
const machines = { group: '', resource: 'nodes' }

/** A machine is deleted at the provider, and another one waits to take its place. */
export const drill: Drill = {
  name: 'node-gone',
  origin: 'One machine was deleted at the provider, and another one took its place',
  source: 'chapter 16',
  heard: `A colleague: "I deleted the wrong server at Hetzner. A new one with the same host name and address is ordered and provisioned, its host key is in our known_hosts; its k3s says "duplicate node name found" and waits."`,
  hints: [
    'What does the cluster still count that is not there? honeydue nodes:status, honeydue cluster:etcd',
    'A Node that is removed takes its member of etcd with it: from then on another machine may have the name',
  ],
  breaks: async ({ sandbox }) => {
    first.set(sandbox, sandbox.kubernetes.client.get(machines, hostname)?.metadata.uid)
    await sandbox.nodes.setUp(alias, false)
    anotherJoins(sandbox, alias)
  },
  over: ({ sandbox }) => {
    const uid = sandbox.kubernetes.client.get(machines, hostname)?.metadata.uid
    const up = sandbox.nodes.node(alias).up()
    return [{ what: `Another machine is ${alias}`, because: up && uid !== undefined && uid !== first.get(sandbox) ? undefined : 'none is' }]
  },
  page: 'nodes:replace',
  way: () => [
    // A machine whose kubelet has reported within 40 s is not gone for the cluster.
    { hand: `kubectl wait --for=condition=Ready=Unknown --timeout=2m node/${hostname}` },
    ['nodes:replace', alias, '--provisioned'],
  ],
}

const first = new WeakMap<object, string | undefined>()
