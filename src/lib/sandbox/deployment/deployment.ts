import type { Identity } from '../certificates.ts'
import type { KubernetesSandbox } from '../kubernetes/types.ts'
import { applicationObjects } from './application.ts'
import { clusterObjects, describeNodes } from './cluster.ts'
import { configurationObjects } from './configuration.ts'
import { bornAt } from './facts.ts'
import { routingObjects } from './routing.ts'

/** Puts the whole deployment into a cluster, settled; `origin` is the certificate that Traefik serves. */
export function seed(kubernetes: KubernetesSandbox, origin: Identity): void {
  kubernetes.settle(
    clusterObjects().filter(({ kind }) => kind === 'Namespace'),
    { at: bornAt },
  )
  // As `kubectl apply` of 03-deploy.sh leaves it: managedFields say who set each key.
  kubernetes.settle(configurationObjects(origin), { manager: 'kubectl-client-side-apply', at: bornAt })
  kubernetes.settle([...clusterObjects(), ...applicationObjects(), ...routingObjects()])
  describeNodes(kubernetes.client)
}
