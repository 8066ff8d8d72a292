import { Secret } from './secret.ts'

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
