import { mayReach } from '../../sandbox/deployment/egress.ts'
import { namespace } from '../../sandbox/deployment/facts.ts'
import type { Drill, World } from '../drill.ts'

const policy = 'vmagent'
const policies = { group: 'networking.k8s.io', resource: 'networkpolicies' }

const cutOff = ({ sandbox: { kubernetes } }: World, port: number): boolean =>
  !kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'vmagent' } })
    .every((pod) => mayReach(kubernetes.client, pod, port))

/** vmagent's own NetworkPolicy lets it scrape, and not push. */
export const drill: Drill = {
  name: 'vmagent-cut-off',
  origin: 'The NetworkPolicy of vmagent did not let it reach the metrics store',
  source: 'chapter 16; commit df78d9c; RUNBOOK 9',
  heard: 'A colleague: "Grafana shows no data since I tidied up the network policies. All pods are green, and customers are well."',
  hints: [
    'What does it say itself? honeydue logs vmagent',
    `It needs the api's pods on 8000, and obs on 443: kubectl -n ${namespace} get networkpolicy -o yaml`,
  ],
  breaks: ({ sandbox: { kubernetes } }) =>
    void kubernetes.client.create({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: policy, namespace },
      spec: {
        podSelector: { matchLabels: { 'app.kubernetes.io/name': 'vmagent' } },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 8000, protocol: 'TCP' }] }],
      },
    }),
  over: (world) => [
    { what: 'vmagent reaches obs', because: cutOff(world, 443) ? 'no policy lets it out on 443' : undefined },
    { what: 'vmagent reaches the pods of api', because: cutOff(world, 8000) ? 'no policy lets it out on 8000' : undefined },
    {
      what: 'vmagent has a policy of its own',
      because: world.sandbox.kubernetes.client.get(policies, policy, namespace) ? undefined : 'it was thrown away',
    },
  ],
  page: 'logs',
  way: () => [
    {
      hand: `kubectl -n ${namespace} patch networkpolicy ${policy} --type json -p '[{"op":"add","path":"/spec/egress/-","value":{"ports":[{"port":443,"protocol":"TCP"}]}}]'`,
    },
  ],
  again: ['vmagent needs its own policy: egress to the pods of api, and to obs on 443 (df78d9c).'],
}
