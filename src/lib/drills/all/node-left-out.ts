import { nodes } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

const [, , { alias, address }] = nodes

/** Somebody drained a node for an update, and went home. */
export const drill: Drill = {
  name: 'node-left-out',
  origin: 'A node had been taken out of the round robin, and was not put back',
  heard: 'A colleague: "I finished the kernel update yesterday, all is well. But why has one machine no traffic at all?"',
  hints: ['Which addresses do the names have? honeydue edge:status', `${alias} is well, and no name leads to it`],
  breaks: ({ sandbox: { cloudflare } }) => {
    cloudflare.state.records = cloudflare.state.records.filter(({ content }) => content !== address)
  },
  page: 'edge:restore',
  way: () => [['edge:restore', alias]],
}
