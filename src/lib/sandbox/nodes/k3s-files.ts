import { stringify } from 'yaml'
import type { Authority, Identity } from '../certificates.ts'

const certificates = 'var/lib/rancher/k3s'
/** A year, as k3s gives; the cluster is half a year old. */
const half = 182 * 86_400_000

type Files = Readonly<Record<string, string>>

const own = (k3s: Authority, admin: Identity, notBefore: Date): Files => {
  const of = (commonName: string, organizations: readonly string[] = []) =>
    k3s.issue({ commonName, organizations, notBefore, days: 365 }).certificate
  return {
    [`${certificates}/server/tls/client-admin.crt`]: admin.certificate,
    [`${certificates}/server/tls/client-controller.crt`]: of('system:kube-controller-manager'),
    [`${certificates}/server/tls/serving-kube-apiserver.crt`]: of('kube-apiserver'),
    [`${certificates}/server/tls/etcd/server-client.crt`]: of('etcd-server'),
    [`${certificates}/agent/client-kubelet.crt`]: of('system:node', ['system:nodes']),
    [`${certificates}/agent/serving-kubelet.crt`]: of('k3s', ['k3s']),
  }
}

/** What its listener at 6443 serves, certificate and key in one. */
export const k3sServing = (k3s: Authority, notBefore: Date): string => {
  const { certificate, key } = k3s.issue({ commonName: 'k3s', organizations: ['k3s'], names: ['localhost'], notBefore, days: 365 })
  return certificate + key
}

const dayOf = (ms: number): Date => new Date(new Date(ms).toISOString().slice(0, 10))

/** What k3s keeps on every server for itself: its certificates by the names of its files, and the kubeconfig of its admin. */
export const k3sFiles = (k3s: Authority, admin: Identity, ca: string, notBefore = dayOf(Date.now() - half)): Files => ({
  ...own(k3s, admin, notBefore),
  [`${certificates}/server/tls/server-ca.crt`]: k3s.certificate,
  'etc/rancher/k3s/k3s.yaml': kubeconfigOf(admin, ca),
})

/** What its programs answer from: what it serves at 6443, and below `renewed/` what a start puts in the place of what ends within 120 days. */
export const k3sState = (k3s: Authority, nextAdmin: Identity, ca: string): Files => {
  const today = dayOf(Date.now())
  const files = { ...own(k3s, nextAdmin, today), 'etc/rancher/k3s/k3s.yaml': kubeconfigOf(nextAdmin, ca) }
  return {
    'k3s-serving': k3sServing(k3s, dayOf(Date.now() - half)),
    'renewed/k3s-serving': k3sServing(k3s, today),
    ...Object.fromEntries(Object.entries(files).map(([file, content]) => [`renewed/${file}`, content])),
  }
}

/** For a start of k3s, as 1.33.1 and later do it: what ends within 120 days is replaced, and the admin's kubeconfig with his certificate. */
export const renewAtStart = `
ends_soon() { ! openssl x509 -noout -checkend 10368000 < "$1" > /dev/null 2>&1; }
renew() { cp "$state/renewed/$1" "$2"; }
if command -v openssl > /dev/null; then
  own="$state/../root"
  ! ends_soon "$state/k3s-serving" || renew k3s-serving "$state/k3s-serving"
  for next in "$state/renewed/${certificates}"/*/*.crt "$state/renewed/${certificates}"/*/*/*.crt "$state/renewed/${certificates}"/*/*/*/*.crt; do
    next=${'$'}{next#"$state/renewed/"}
    ends_soon "$own/$next" || continue
    renew "$next" "$own/$next"
    case $next in */client-admin.crt) renew etc/rancher/k3s/k3s.yaml "$own/etc/rancher/k3s/k3s.yaml" ;; esac
  done
fi
`

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
