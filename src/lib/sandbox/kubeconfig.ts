import { stringify } from 'yaml'
import type { Identity } from './certificates.ts'

/** A kubeconfig with everything in it, as k3s writes its own. */
export function kubeconfig(
  cluster: { readonly server: string; readonly ca: string },
  user: string,
  { certificate, key }: Identity,
): string {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'honeydue-sandbox', cluster: { server: cluster.server, 'certificate-authority-data': base64(cluster.ca) } }],
    users: [{ name: user, user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
    contexts: [{ name: 'honeydue-sandbox', context: { cluster: 'honeydue-sandbox', user, namespace: 'default' } }],
    'current-context': 'honeydue-sandbox',
  })
}
