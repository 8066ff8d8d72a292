import { nodes } from '../../sandbox/deployment/facts.ts'
import type { Drill } from '../drill.ts'

const range = '198.51.100.0/24'

/** Cloudflare published a new range, and no firewall knows it. */
export const drill: Drill = {
  name: 'range-of-cloudflare',
  origin: "A range of Cloudflare was missing in the nodes' firewall: the ranges are refreshed by hand, once a month",
  source: 'chapter 4',
  heard: 'Support: "Users in one region see 522 now and then; from here all is well."',
  hints: [
    '522: the edge reached nobody. What keeps it out? honeydue firewall:status',
    'Cloudflare publishes its ranges; the nodes let in those that they know',
  ],
  breaks: ({ sandbox: { cloudflare } }) => {
    const { ipv4, ipv6 } = cloudflare.state.ranges
    cloudflare.state.ranges = { ipv4: [...ipv4, range], ipv6 }
  },
  over: ({ sandbox }) =>
    nodes.map(({ alias }) => ({
      what: `${alias} lets every range of Cloudflare in`,
      because: sandbox.nodes.node(alias).state.read('ufw/rules4').includes('198.51.100') ? undefined : `${range} is not among its rules`,
    })),
  leaves: nodes.map(({ alias }) => `firewall of ${alias}`),
  page: 'firewall:refresh',
  way: () => [['firewall:refresh']],
}
