import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { atMost, type Clock, seconds } from '../clock.ts'
import type { Environment } from '../environment/schema.ts'
import type { Node } from '../kube-objects.ts'
import { kubeSystem } from '../systems/kube/kube.ts'

/** A machine as the cluster knows it. */
export interface ClusterNode {
  readonly hostname: string
  /** The one that is reached from outside, where it has one. */
  readonly address: string
  /** All of them. */
  readonly addresses: readonly string[]
}

/** A kubeconfig of this machine whose cluster answered. */
export interface FoundCluster {
  readonly kubeconfig: string
  readonly nodes: readonly ClusterNode[]
  /** The namespace of the application has Deployments. */
  readonly ours: boolean
}

/** Files of ~/.kube that have the look of a kubeconfig; so many and so large at most. */
export const kubeconfigsIn = (home: string): readonly string[] => {
  const folder = join(home, '.kube')
  try {
    return readdirSync(folder)
      .filter((name) => name === 'config' || /\.(ya?ml|conf|config)$/.test(name))
      .sort((one, other) => Number(other === 'config') - Number(one === 'config') || one.localeCompare(other))
      .map((name) => join(folder, name))
      .filter((path) => statSync(path).size < 1_000_000 && /^clusters:/m.test(readFileSync(path, 'utf8')))
      .slice(0, 12)
  } catch {
    return []
  }
}

const nodeOf = ({ metadata, status }: Node): ClusterNode => {
  const all = status.addresses ?? []
  const first = (type: string) => all.find((one) => one.type === type)?.address
  const hostname = metadata.name ?? ''
  const addresses = all.filter(({ type }) => type.endsWith('IP')).map(({ address }) => address)
  return { hostname, address: first('ExternalIP') ?? first('InternalIP') ?? addresses[0] ?? hostname, addresses }
}

/** Asks the cluster of one kubeconfig for its machines, for three seconds; undefined where it does not answer, or not us. */
export const askCluster = async (
  kubeconfig: string,
  { hostaddr, namespace }: Environment,
  clock: Clock,
): Promise<FoundCluster | undefined> => {
  const kube = kubeSystem({ kubeconfigs: [kubeconfig], controlPlane: [], hostaddr, clock, timeout: seconds(3) })
  const asked = Promise.all([kube.read.nodes(), kube.read.list('Deployment', { namespace }).catch(() => [])]).catch(() => undefined)
  const answered = await atMost(clock, seconds(4), asked)
  await kube.close()
  if (!answered || answered[0].length === 0) return undefined
  return { kubeconfig, nodes: answered[0].map(nodeOf), ours: answered[1].length > 0 }
}
