import { atMost, type Clock, seconds } from '../../clock.ts'
import { environmentNames } from '../../environment/names.ts'
import type { Environment } from '../../environment/schema.ts'
import type { KubeReader } from '../../systems/kube/types.ts'
import type { Kept } from './kept-values.ts'

const patience = seconds(8)

/** What of a deployment is offered; what does not answer is left out, or taken from the environment. */
export const valuesOf = async ({ namespace, nodes, workloads }: Environment, kube: KubeReader, clock: Clock): Promise<Kept> => {
  const [deployments, secrets] = await Promise.all([
    atMost(
      clock,
      patience,
      kube.list('Deployment', { namespace }).catch(() => undefined),
    ),
    atMost(
      clock,
      patience,
      kube.secrets(namespace).catch(() => undefined),
    ),
  ])
  return {
    nodes: nodes.map(({ alias, hostname, address }) => [alias, `${hostname}, ${address}`]),
    workloads:
      deployments?.map(({ metadata: { name }, spec, status }) => [name, `${status?.readyReplicas ?? 0} of ${spec.replicas ?? 1} ready`]) ??
      Object.keys(workloads).map((name) => [name, '']),
    secrets: secrets?.map(({ name, keys }) => [name, keys.map((key) => key.name).join(', ')]) ?? [],
    environments: environmentNames(process.env).map((name) => [name, '']),
  }
}
