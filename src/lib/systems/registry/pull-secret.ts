import { Secret } from '../../secret.ts'
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

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly username?: string; readonly password?: string; readonly auth?: string }>>
}

/** Of the only registry that a docker config has; undefined where it has none, or several. */
export const onlyCredentials = (config: Secret): Secret | undefined => {
  const [host, ...more] = Object.keys(parsed(config)?.auths ?? {})
  return host === undefined || more.length > 0 ? undefined : credentialsFor(bareHost(host), config)
}

/** Docker itself writes `https://host/v1/`, kubectl the bare host. */
const bareHost = (key: string): string => key.replace(/^https?:\/\//, '').replace(/\/.*/, '')

/** Of a docker config; undefined where it has none for the host, or cannot be read. */
export const credentialsFor = (host: string, config: Secret): Secret | undefined => {
  const entries = Object.entries(parsed(config)?.auths ?? {})
  const [, entry] = entries.find(([key]) => bareHost(key) === host) ?? []
  if (entry?.username !== undefined && entry.password !== undefined) return new Secret(`${entry.username}:${entry.password}`)
  return entry?.auth === undefined ? undefined : new Secret(Buffer.from(entry.auth, 'base64').toString())
}

const parsed = (config: Secret): DockerConfig | undefined => {
  try {
    return JSON.parse(config.reveal()) as DockerConfig
  } catch {
    return undefined
  }
}
