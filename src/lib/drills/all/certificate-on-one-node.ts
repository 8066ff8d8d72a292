import { zoneName } from '../../sandbox/deployment/facts.ts'
import { oneOf, untilTraefikRestarts } from '../breaks.ts'
import type { Drill } from '../drill.ts'

/** One Traefik goes on with what it had: Cloudflare refuses that node alone. */
export const drill: Drill = {
  name: 'certificate-on-one-node',
  origin: 'One node served another certificate than the others',
  heard: 'Monitoring: every third connection to api.myhoneydue.com is slow or ends in 526, the others are well. It was so for ten minutes.',
  hints: [
    'Does every node serve the same certificate? honeydue cert:status',
    'Traefik reloads by itself within seconds; one that does not is restarted',
  ],
  breaks: (world) => {
    const { sandbox } = world
    const { alias } = oneOf(world, sandbox.nodes.nodes)
    const other = sandbox.originCa.authority.issue({
      commonName: 'CloudFlare Origin Certificate',
      names: [`*.${zoneName}`, zoneName],
      notBefore: new Date(Date.now() - 400 * 86_400_000),
      days: 365,
    })
    untilTraefikRestarts(world, alias, { serves: other })
  },
  over: ({ sandbox }) =>
    sandbox.nodes.nodes.map(({ alias }) => ({
      what: `${alias} serves the certificate of the Secret`,
      because: sandbox.edge.traefik(alias).isWell() ? undefined : 'it serves another one',
    })),
  page: 'cert:status',
  way: () => [{ hand: 'kubectl -n kube-system rollout restart daemonset/traefik' }],
}
