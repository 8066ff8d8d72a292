import { nodes } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

const [, { alias, address }] = nodes

/** A machine is gone. */
export const drill: Drill = {
  name: 'node-away',
  origin: "One node's network failed",
  source: 'chapter 16',
  heard: 'Monitoring: response times of api.myhoneydue.com jumped a minute ago. Some customers write that pages take seconds to load.',
  hints: [
    'Ask each node by itself, and not through the edge: honeydue nodes:status',
    'A name that leads to a machine which is away costs every request that tries it first',
  ],
  breaks: ({ sandbox }) => sandbox.nodes.setUp(alias, false),
  over: ({ sandbox }) => {
    const left = sandbox.cloudflare.state.records.filter(({ content }) => content === address)
    const up = sandbox.nodes.node(alias).up()
    return [{ what: `No name leads to ${alias} while it is away`, because: left.length > 0 && !up ? `${left.length} still do` : undefined }]
  },
  leaves: ['names at Cloudflare', ...['api', 'web', 'admin', 'worker', 'redis', 'vmagent'].map((name) => `ready pods of ${name}`)],
  page: 'edge:drain',
  way: () => [['edge:drain', alias]],
}
