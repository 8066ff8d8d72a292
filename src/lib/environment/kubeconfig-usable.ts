import type { Fields } from './kubeconfig-file.ts'

const versions = /^client\.authentication\.k8s\.io\/(?:v1|v1beta1)$/

const has = (of: Fields, key: string): boolean => typeof of[key] === 'string' && of[key] !== ''

const twice = (of: Fields, key: string): readonly string[] =>
  has(of, key) && has(of, `${key}-data`) ? [`it has both ${key} and ${key}-data`] : []

/** Why kubectl makes nothing of this cluster and user, although the file can be read: what clientcmd's own validation refuses. */
export const againstUse = (cluster: Fields, user: Fields): readonly string[] => {
  const certificate = has(user, 'client-certificate') || has(user, 'client-certificate-data')
  const key = has(user, 'client-key') || has(user, 'client-key-data')
  const authority = has(cluster, 'certificate-authority') || has(cluster, 'certificate-authority-data')
  const lends = user.exec as { readonly apiVersion?: string; readonly interactiveMode?: string } | null | undefined
  const token = has(user, 'token') || has(user, 'tokenFile')
  const borrowed = ['as-groups', 'as-uid', 'as-user-extra'].find((one) => user[one] != null && Object.keys(Object(user[one])).length > 0)
  return [
    ...twice(cluster, 'certificate-authority'),
    ...twice(user, 'client-certificate'),
    ...twice(user, 'client-key'),
    ...(authority && cluster['insecure-skip-tls-verify'] === true
      ? ['its cluster has an authority, and insecure-skip-tls-verify beside it: kubectl takes one of the two']
      : []),
    ...(certificate && !key ? ['its user has a client certificate, and no key of it'] : []),
    ...(token && (has(user, 'username') || has(user, 'password'))
      ? ['its user has a token and a password: kubectl takes one of the two']
      : []),
    ...(borrowed !== undefined && !has(user, 'as') ? [`its user has ${borrowed}, and no "as": whom to speak for is not said`] : []),
    ...(lends && !versions.test(lends.apiVersion ?? '')
      ? [`the apiVersion of its exec is ${lends.apiVersion || 'not set'}: kubectl takes client.authentication.k8s.io/v1 and v1beta1`]
      : []),
    ...(lends?.apiVersion?.endsWith('/v1') && !lends.interactiveMode ? ['its exec has no interactiveMode, which v1 wants'] : []),
  ]
}
