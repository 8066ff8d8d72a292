import { nodes } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

const gone = [nodes[1], nodes[2]] as const

/** Two of three machines: etcd has lost its quorum, and the Kubernetes API with it. What runs goes on. */
export const drill: Drill = {
  name: 'two-nodes-away',
  origin: 'Two nodes failed, and etcd lost its quorum',
  source: 'chapter 16',
  heard: 'Monitoring: response times jumped, two of three machines answer no ping. A colleague: "kubectl does not answer either."',
  hints: [
    'From the names down to the machines: honeydue diagnose',
    'Without a quorum nothing in the cluster can be changed. The names at Cloudflare can',
  ],
  breaks: async ({ sandbox }) => {
    for (const { alias } of gone) await sandbox.nodes.setUp(alias, false)
  },
  over: ({ sandbox }) =>
    gone.map(({ alias, address }) => {
      const left = sandbox.cloudflare.state.records.filter(({ content }) => content === address)
      return { what: `No name leads to ${alias} while it is away`, because: left.length > 0 ? `${left.length} still do` : undefined }
    }),
  leaves: ['names at Cloudflare', ...['api', 'web', 'admin', 'worker', 'redis', 'vmagent'].map((name) => `ready pods of ${name}`)],
  page: 'edge:drain',
  way: () => gone.map(({ alias }) => ['edge:drain', alias, '--without-lease']),
  again: ['Bring one of the machines back before anything else: with two of three the API is there again (ch16).'],
}
