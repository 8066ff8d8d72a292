import type { Client, KubeObject } from '../kubernetes/types.ts'
import type { RegistrySandbox } from '../registry/registry.ts'
import { database, hosts, namespace, registryHost } from './facts.ts'

interface Place {
  readonly host: string
  readonly port: number
}

const redisPort = 6379
const agentPort = 8429

/** Where ports inside the cluster lead, Redis's and vmagent's alone, and from a node the database's hosts and the registry as well; `client` is asked when a connection comes. */
export const reachability = (
  client: () => Client,
  ports: { readonly redis: number; readonly postgres: number; readonly agent: number },
  registry: Pick<RegistrySandbox, 'nodesPort' | 'apart'>,
) => {
  const there: Place = { host: '127.0.0.1', port: ports.redis }
  const isOf = (name: string, { metadata }: KubeObject) =>
    metadata.namespace === namespace && metadata.labels?.['app.kubernetes.io/name'] === name
  const isRedis = (object: KubeObject) => isOf('redis', object)
  return {
    /** For a port-forward to a pod. */
    pod: (pod: KubeObject, port: number): Place | undefined =>
      port === redisPort && isRedis(pod)
        ? there
        : port === agentPort && isOf('vmagent', pod)
          ? { host: '127.0.0.1', port: ports.agent }
          : undefined,
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
