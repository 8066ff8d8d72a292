import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Authority, Identity } from './certificates.ts'
import { storage } from './deployment/facts.ts'
import { planted } from './deployment/planted.ts'
import { type EnvironmentPlaces, sandboxEnvironment } from './environment.ts'
import { writeExactly } from './exact-folder.ts'
import { kubeconfig } from './kubeconfig.ts'
import type { SandboxUrls } from './urls.ts'

export interface AccessOptions extends EnvironmentPlaces {
  readonly urls: SandboxUrls
  readonly authority: Authority
  /** PEM. */
  readonly originRoot: string
  readonly admin: Identity
}

/** What leads into the sandbox, as files of its folder: whoever works with it may write over them, and `write` puts them back. */
export const accessFiles = ({ urls, authority, originRoot, admin, ...places }: AccessOptions): { write(): void } => {
  const cluster = { server: `https://127.0.0.1:${places.ports.kubernetes}`, ca: authority.certificate }
  const viewer = authority.issue({ commonName: 'viewer', organizations: ['viewers'] })
  const own: Readonly<Record<string, string>> = {
    'admin.kubeconfig': kubeconfig(cluster, 'admin', admin),
    'viewer.kubeconfig': kubeconfig(cluster, 'viewer', viewer),
    'environment.yaml': stringify(sandboxEnvironment(places)),
    'cloudflare-token': planted.cloudflareToken,
    'storage-key': `${storage.id}:${planted.storageKey}`,
    'grafana-token': planted.grafanaToken,
    'registry-login': `admin:${planted.registryPassword}`,
    'neon-key': planted.neonKey,
    'urls.json': `${JSON.stringify(urls, undefined, 2)}\n`,
  }
  // Authorities are written once: beside them, somebody may add the one of another server.
  writeExactly(join(places.dir, 'ca.crt'), { content: authority.certificate })
  writeExactly(join(places.dir, 'origin-ca.crt'), { content: originRoot })
  return {
    write: () => {
      for (const [name, content] of Object.entries(own)) writeExactly(join(places.dir, name), { content, mode: 0o600 })
    },
  }
}
