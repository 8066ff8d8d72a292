import type { Duplex } from 'node:stream'
import type { System } from '../systems.ts'
import { proveKube } from './prove-kube.ts'
import { readKube } from './read-kube.ts'
import { type KubeOptions, kubeClient } from './request.ts'
import { sayKube } from './say-kube.ts'
import type { KubeProver, KubeReader, KubeWriter } from './types.ts'
import { writeKube } from './write-kube.ts'

/** Parts of one report ask for the same ConfigMap up to fifteen times, and for every pod up to ten. */
const askedOnce = [
  'get',
  'list',
  'nodes',
  'pods',
  'podsPerNode',
  'configMap',
  'secret',
  'secretValues',
  'secrets',
  'tlsSecrets',
] as const satisfies readonly (keyof KubeReader)[]

/** The Kubernetes API of the environment's kubeconfig, reached at first use. Writes are rehearsed as server-side dry runs. */
export const kubeSystem = (options: KubeOptions): System<KubeReader, KubeWriter, KubeProver> => {
  const client = kubeClient(options)
  const streams: Duplex[] = []
  return {
    read: readKube(client, options, (stream) => streams.push(stream)),
    askedOnce,
    write: writeKube(client, options.clock, false),
    say: sayKube(options.kubeconfigs),
    prove: proveKube(options.kubeconfigs),
    rehearse: writeKube(client, options.clock, true),
    reached: client.reached,
    close: async () => {
      for (const stream of streams) stream.destroy()
      client.close()
    },
  }
}
