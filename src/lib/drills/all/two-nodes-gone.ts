import { nodes } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

const gone = [nodes[1], nodes[2]] as const

/** The same two machines, and nobody brings them back: a quorum comes only of a reset. */
export const drill: Drill = {
  name: 'two-nodes-gone',
  origin: 'Two machines were gone for good, and etcd lost its quorum',
  source: 'chapter 16',
  heard: 'A colleague: "Both will not come back, says Hetzner; they are deleted. kubectl does not answer, and we have to deploy today."',
  hints: [
    'Who is left, and what does it have? honeydue cluster:etcd',
    'What waits for the others waits for ever: the one that is left can become the only member, with what it has',
  ],
  breaks: async ({ sandbox }) => {
    for (const { alias } of gone) await sandbox.nodes.setUp(alias, false)
  },
  over: ({ sandbox }) => [
    { what: 'The Kubernetes API answers', because: sandbox.nodes.api() === 'serves' ? undefined : 'etcd has no quorum' },
    ...gone.map(({ alias, address }) => {
      const left = sandbox.cloudflare.state.records.filter(({ content }) => content === address)
      return { what: `No name leads to ${alias}`, because: left.length > 0 ? `${left.length} still do` : undefined }
    }),
  ],
  leaves: ['names at Cloudflare', ...['api', 'web', 'admin', 'worker', 'redis', 'vmagent'].map((name) => `ready pods of ${name}`)],
  page: 'cluster:restore',
  way: () => [
    ...gone.map(({ alias }) => ['edge:drain', alias, '--without-lease']),
    ['cluster:restore', '--own-data', '--others-off', '--without-lease'],
  ],
  again: ['Three machines of one provider in one place fail together: a snapshot belongs off them (honeydue cluster:snapshot).'],
}
