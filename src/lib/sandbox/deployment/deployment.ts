import type { Identity } from '../certificates.ts'
import type { KubernetesSandbox } from '../kubernetes/types.ts'
import { applicationObjects } from './application.ts'
import { clusterObjects, describeNodes } from './cluster.ts'
import { configurationObjects } from './configuration.ts'
import { routingObjects } from './routing.ts'

/** Puts the whole deployment into a cluster, settled; `origin` is the certificate that Traefik serves. */
export function seed(kubernetes: KubernetesSandbox, origin: Identity): void {
  kubernetes.settle(clusterObjects().filter(({ kind }) => kind === 'Namespace'))
  // As `kubectl apply` of 03-deploy.sh leaves it: managedFields say who set each key.
  for (const object of configurationObjects(origin)) kubernetes.client.create(object, { manager: 'kubectl-client-side-apply' })
  kubernetes.settle([...clusterObjects(), ...applicationObjects(), ...routingObjects()])
  describeNodes(kubernetes.client)
}
