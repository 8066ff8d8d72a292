import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readCertificate } from '../../src/lib/certificates.ts'

/** What the sandbox's kubeconfig says of when it ends, where it leads, and who may read it. */
export const kubeconfigEnd = (dir: string) => {
  const path = join(dir, 'admin.kubeconfig')
  const said = parse(readFileSync(path, 'utf8')) as {
    readonly 'current-context': string
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[]
    readonly users: readonly { readonly user: { readonly 'client-certificate-data': string } }[]
  }
  return {
    context: said['current-context'],
    server: said.clusters[0]?.cluster.server,
    certificate: readCertificate(Buffer.from(said.users[0]?.user['client-certificate-data'] ?? '', 'base64').toString())?.fingerprint,
    mode: statSync(path).mode & 0o777,
  }
}
