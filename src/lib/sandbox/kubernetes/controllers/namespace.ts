import { resources } from '../resources.ts'
import type { Client } from '../types.ts'
import { tolerant } from './context.ts'
import { core } from './objects.ts'

const inside = resources.filter(
  ({ namespaced, verbs, group }) => namespaced && verbs.includes('delete') && verbs.includes('list') && group !== 'events.k8s.io',
)

/** Gives a namespace what every one has; empties and removes one that is to go. */
export function reconcileNamespace(client: Client, name: string, authority: string): void {
  const namespace = client.get(core('namespaces'), name)
  if (!namespace) return
  if (!namespace.metadata.deletionTimestamp) {
    tolerant(
      () =>
        client.get(core('serviceaccounts'), 'default', name) ??
        client.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } }),
    )
    const annotations = {
      'kubernetes.io/description':
        'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
    }
    tolerant(
      () =>
        client.get(core('configmaps'), 'kube-root-ca.crt', name) ??
        client.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'kube-root-ca.crt', namespace: name, annotations },
          data: { 'ca.crt': authority },
        }),
    )
    return
  }
  let left = 0
  for (const resource of inside)
    for (const { metadata } of client.list(resource, { namespace: name })) {
      if (!metadata.deletionTimestamp) tolerant(() => client.delete(resource, metadata.name, name, { propagationPolicy: 'Background' }))
      if (client.get(resource, metadata.name, name)) left++
    }
  if (left > 0) return
  client.update(
    core('namespaces'),
    name,
    undefined,
    (draft) => {
      draft['spec'] = { finalizers: [] }
    },
    { subresource: 'finalize' },
  )
}
