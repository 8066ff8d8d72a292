import { stringify } from 'yaml'
import type { Authority, Identity } from '../certificates.ts'

const certificates = 'var/lib/rancher/k3s'
/** A year, as k3s gives; the cluster is half a year old. */
const half = 182 * 86_400_000

/** What k3s keeps on every server for itself: its certificates by the names of its files, and the kubeconfig of its admin. */
export const k3sFiles = (k3s: Authority, admin: Identity, ca: string): Readonly<Record<string, string>> => {
  const day = new Date(new Date(Date.now() - half).toISOString().slice(0, 10))
  const of = (commonName: string, organizations: readonly string[] = []) =>
    k3s.issue({ commonName, organizations, notBefore: day, days: 365 }).certificate
  const serving = of('k3s', ['k3s'])
  return {
    [`${certificates}/server/tls/client-admin.crt`]: admin.certificate,
    [`${certificates}/server/tls/client-controller.crt`]: of('system:kube-controller-manager'),
    [`${certificates}/server/tls/serving-kube-apiserver.crt`]: of('kube-apiserver'),
    [`${certificates}/server/tls/etcd/server-client.crt`]: of('etcd-server'),
    [`${certificates}/server/tls/server-ca.crt`]: k3s.certificate,
    [`${certificates}/agent/client-kubelet.crt`]: of('system:node', ['system:nodes']),
    [`${certificates}/agent/serving-kubelet.crt`]: serving,
    'etc/rancher/k3s/k3s.yaml': kubeconfigOf(admin, ca),
  }
}

/** As k3s writes it: to be used on the node itself, and everything in it is called default. */
const kubeconfigOf = ({ certificate, key }: Identity, ca: string): string => {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return stringify({
    apiVersion: 'v1',
    clusters: [{ cluster: { 'certificate-authority-data': base64(ca), server: 'https://127.0.0.1:6443' }, name: 'default' }],
    contexts: [{ context: { cluster: 'default', user: 'default' }, name: 'default' }],
    'current-context': 'default',
    kind: 'Config',
    users: [{ name: 'default', user: { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) } }],
  })
}
