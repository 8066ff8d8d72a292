import { join } from 'node:path'
import {
  apiHost,
  apns,
  cloudflareHosts,
  database,
  fcmHost,
  hosts,
  mail,
  mailHost,
  namespace,
  neon,
  neonHost,
  nodes,
  observability,
  publicNames,
  registryHost,
  storageHost,
  zoneName,
} from './deployment/facts.ts'

export interface EnvironmentPlaces {
  readonly dir: string
  readonly checkout: string
  readonly ports: {
    readonly kubernetes: number
    readonly redis: number
    readonly postgres: number
    readonly api: number
    readonly cloudflare: number
    readonly registry: number
    readonly neon: number
    readonly mail: number
    readonly names: number
    readonly storage: number
    readonly observability: number
    readonly apns: number
    readonly fcm: number
  }
}

/** The sandbox's addresses as the CLI's configuration takes them; names stay the real ones, `hostaddr` says where they live. */
export const sandboxEnvironment = ({ dir, checkout, ports }: EnvironmentPlaces) => ({
  name: 'sandbox',
  kubeconfig: join(dir, 'admin.kubeconfig'),
  namespace,
  ssh: { config: join(dir, 'ssh', 'config') },
  checkout,
  ca: join(dir, 'ca.crt'),
  database: { pooler: hosts.pooler, direct: hosts.direct, port: database.port, user: database.user, name: database.name },
  health: `https://${apiHost}/api/health/`,
  hostaddr: {
    // When the kubeconfig's server does not answer, the other control-plane nodes are asked.
    ...Object.fromEntries(nodes.map(({ address }) => [`${address}:6443`, `127.0.0.1:${ports.kubernetes}`])),
    [hosts.pooler]: `127.0.0.1:${ports.postgres}`,
    [hosts.direct]: `127.0.0.1:${ports.postgres}`,
    // The edge answers for every public name.
    ...Object.fromEntries(publicNames.map((name) => [name, `127.0.0.1:${ports.api}`])),
    [cloudflareHosts.api]: `127.0.0.1:${ports.cloudflare}`,
    [cloudflareHosts.www]: `127.0.0.1:${ports.cloudflare}`,
    [registryHost]: `127.0.0.1:${ports.registry}`,
    [neonHost]: `127.0.0.1:${ports.neon}`,
    [storageHost]: `127.0.0.1:${ports.storage}`,
    [observability.host]: `127.0.0.1:${ports.observability}`,
    [observability.grafana]: `127.0.0.1:${ports.observability}`,
    [apns.host]: `127.0.0.1:${ports.apns}`,
    [fcmHost]: `127.0.0.1:${ports.fcm}`,
    [mailHost]: `127.0.0.1:${ports.mail}`,
  },
  cloudflare: { zone: zoneName, token_command: ['cat', join(dir, 'cloudflare-token')], origin_ca: join(dir, 'origin-ca.crt') },
  mail: { user: mail.user, domain: zoneName, dkim: mail.dkim, nameserver: `127.0.0.1:${ports.names}` },
  apns: { keyIdKey: apns.keyIdKey, teamIdKey: apns.teamIdKey },
  storage: { key_command: ['cat', join(dir, 'storage-key')] },
  observability: {
    metrics: `https://${observability.host}`,
    traces: `https://${observability.host}/jaeger`,
    grafana_token_command: ['cat', join(dir, 'grafana-token')],
  },
  registry: { login_command: ['cat', join(dir, 'registry-login')] },
  neon: { project: neon.project, api_key_command: ['cat', join(dir, 'neon-key')] },
  // The application's own words are not known: these are the sandbox's (deployment/programs.ts).
  warmup: { pattern: 'database pool warmed up: (?<pings>\\d+) pings in (?<ms>\\d+) ms', pings: 20 },
})
