import { credentialsFor } from '../../docker-config.ts'
import type { Secret } from '../../secret.ts'
import type { KubeReader } from '../kube/types.ts'
import { noEntry, noSecret } from './trouble.ts'

/** What a kubelet sends to this registry for the pods of a Deployment: `user:password`, of the first pull secret that names the host. */
export const pullCredentials = async (
  kube: Pick<KubeReader, 'get' | 'secret'>,
  { namespace, deployment, host }: { readonly namespace: string; readonly deployment: string; readonly host: string },
): Promise<Secret | undefined> => {
  const found = await kube.get('Deployment', deployment, namespace)
  const named = found?.spec.template.spec.imagePullSecrets ?? []
  const secrets = await Promise.all(named.map(({ name }) => kube.secret(namespace, name, '.dockerconfigjson')))
  return secrets.map((secret) => secret && credentialsFor(host, secret)).find((one) => one !== undefined)
}

/** `user:password` of one Secret for a registry. Throws Unreachable (`registry-no-secret`, `registry-no-entry`). */
export const namedCredentials = async (
  kube: Pick<KubeReader, 'secret'>,
  { namespace, secret, host }: { readonly namespace: string; readonly secret: string; readonly host: string },
): Promise<Secret> => {
  const config = await kube.secret(namespace, secret, '.dockerconfigjson')
  if (config === undefined) throw noSecret(namespace, secret)
  const found = credentialsFor(host, config)
  if (found === undefined) throw noEntry(namespace, secret, host)
  return found
}
