import type { KubeReader, Workload } from '../../systems/kube/types.ts'

/** Anything that makes pods, with its kind: "Deployment api". */
export type Maker = readonly [kind: 'Deployment' | 'StatefulSet' | 'DaemonSet', object: Workload]

/** All of them in a namespace, asked for at once. */
export const makersIn = async (kube: Pick<KubeReader, 'list'>, namespace: string): Promise<readonly Maker[]> => {
  const [deployments, stateful, daemons] = await Promise.all([
    kube.list('Deployment', { namespace }),
    kube.list('StatefulSet', { namespace }),
    kube.list('DaemonSet', { namespace }),
  ])
  return [
    ...deployments.map((one) => ['Deployment', one] as const),
    ...stateful.map((one) => ['StatefulSet', one] as const),
    ...daemons.map((one) => ['DaemonSet', one] as const),
  ]
}
