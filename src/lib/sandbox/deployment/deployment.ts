import type { Identity } from '../certificates.ts'
import type { KubeObject } from '../kubernetes/types.ts'
import { applicationObjects } from './application.ts'
import { clusterObjects } from './cluster.ts'
import { configurationObjects } from './configuration.ts'
import { routingObjects } from './routing.ts'

/** Every object of the deployment, in an order in which each finds what it names; `origin` is the certificate that Traefik serves. */
export const deploymentObjects = (origin: Identity): KubeObject[] => [
  ...clusterObjects(),
  ...configurationObjects(origin),
  ...applicationObjects(),
  ...routingObjects(),
]
