import { daysLeft } from '../../facts/cert/days.ts'
import { surveyEtcd } from '../../facts/cluster/etcd.ts'
import { renewedWithin, surveyK3sCertificates } from '../../facts/cluster/k3s-certificates.ts'
import { nodeNamed } from '../../facts/nodes/named.ts'
import { optionalArgument } from '../../plan/choice.ts'
import { defineProcedure } from '../../plan/procedure.ts'
import type { RenewCertsFacts } from './renew-certs-facts.ts'
import { quorumIsThere, renewOn, votesAgain } from './renew-certs-steps.ts'

/** Restarts k3s on one server after another where its certificates end soon, over SSH alone: for the day on which they have ended, too. */
export const renewCerts = defineProcedure({
  id: 'cluster:renew-certs',
  title: "Renew k3s' certificates, one server after another",
  needs: ['nodes', 'kube'],
  choices: { node: optionalArgument({ about: 'alias of the one server that is meant; without one, all of them' }) },
  risk: () => 'disruptive',
  gather: async ({ node }, look, { environment, clock }): Promise<RenewCertsFacts> => {
    const aliases = environment.nodes.map(({ alias }) => alias)
    const servers = node === undefined ? environment.nodes : [nodeNamed(environment, node)]
    const [certificates, etcd] = await Promise.all([surveyK3sCertificates(aliases, look.nodes, look.kube), surveyEtcd(aliases, look.nodes)])
    return { servers, aliases, certificates, etcd, now: clock.now() }
  },
  subject: ({ servers }) => (servers.length === 1 ? (servers[0]?.alias ?? '') : 'k3s'),
  target: ({ servers }) => servers.map(({ alias, hostname, address }) => `${alias} (${hostname}) at ${address}`),
  beyond: () => [
    'Pods go on while k3s restarts; the API at that server is away for some seconds',
    'The authorities stay as they are: nothing here renews those',
  ],
  elsewhere: (facts) => oldKubeconfig(facts),
  steps: (facts) => [...facts.servers.flatMap((server) => [renewOn(facts, server), votesAgain(facts, server)]), quorumIsThere(facts)],
})

/** It is a copy of what a server had, and grows no younger by this. */
const oldKubeconfig = ({ certificates: { kubeconfig }, now }: RenewCertsFacts): readonly string[] => {
  const facts = kubeconfig.answered ? kubeconfig.value.facts : undefined
  if (facts === undefined || daysLeft(facts, now) >= renewedWithin) return []
  return [`The kubeconfig here keeps the old certificate, until ${facts.notAfter.toISOString().slice(0, 10)}: honeydue kubeconfig:renew`]
}
