import type { Client, KubeObject } from '../kubernetes/types.ts'
import type { RegistrySandbox } from '../registry/registry.ts'
import { database, hosts, namespace, registryHost } from './facts.ts'

interface Place {
  readonly host: string
  readonly port: number
}

const redisPort = 6379

/** Where ports inside the cluster lead, Redis's alone, and from a node the database's hosts and the registry as well; `client` is asked when a connection comes. */
export const reachability = (
  client: () => Client,
  ports: { readonly redis: number; readonly postgres: number },
  registry: Pick<RegistrySandbox, 'nodesPort' | 'apart'>,
) => {
  const there: Place = { host: '127.0.0.1', port: ports.redis }
  const isRedis = (object: KubeObject) =>
    object.metadata.namespace === namespace && object.metadata.labels?.['app.kubernetes.io/name'] === 'redis'
  return {
    /** For a port-forward to a pod. */
    pod: (pod: KubeObject, port: number): Place | undefined => (port === redisPort && isRedis(pod) ? there : undefined),
    /** From a node: by the address of a pod or service, or by a name outside. */
    address: (host: string, port: number, alias: string): Place | undefined => {
      if (host === registryHost && port === 443)
        return registry.apart.has(alias) ? undefined : { host: '127.0.0.1', port: registry.nodesPort }
      if (port === database.port && Object.values<string>(hosts).includes(host)) return { host: '127.0.0.1', port: ports.postgres }
      if (port !== redisPort) return undefined
      const pods = client().list({ group: '', resource: 'pods' }, { namespace })
      const service = client().get({ group: '', resource: 'services' }, 'redis', namespace)
      const known =
        pods.some((pod) => isRedis(pod) && field(pod, 'status', 'podIP') === host) ||
        (service !== undefined && field(service, 'spec', 'clusterIP') === host)
      return known ? there : undefined
    },
  }
}

const field = (object: KubeObject, part: string, name: string): unknown =>
  (object[part] as Readonly<Record<string, unknown>> | undefined)?.[name]
