import { type Resource, resources } from '../resources.ts'
import type { Client, KubeObject, ResourceName } from '../types.ts'
import { tolerant } from './context.ts'

const owned = resources.filter(
  ({ verbs, group, resource, type }) =>
    verbs.includes('delete') &&
    verbs.includes('list') &&
    type !== 'OlderAutoscaler' &&
    group !== 'events.k8s.io' &&
    !(group === '' && resource === 'events'),
)

const dependents = (client: Client, uid: string): readonly { readonly resource: Resource; readonly object: KubeObject }[] =>
  owned.flatMap((resource) =>
    client
      .list(resource)
      .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid))
      .map((object) => ({ resource, object })),
  )

/** An owner is gone: what has no other owner follows it. */
export function collect(client: Client, owner: KubeObject): void {
  const uid = owner.metadata.uid
  if (uid === undefined) return
  for (const { resource, object } of dependents(client, uid)) {
    const { name, namespace, ownerReferences = [] } = object.metadata
    if (ownerReferences.length > 1) release(client, resource, object, uid)
    else if (!object.metadata.deletionTimestamp)
      tolerant(() => client.delete(resource, name, namespace, { propagationPolicy: 'Background' }))
  }
}

/** An owner waits for its dependents (`foregroundDeletion`) or lets them go (`orphan`) before it is removed. */
export function finalizeOwner(client: Client, resource: ResourceName, owner: KubeObject): void {
  const { uid, name, namespace, finalizers = [] } = owner.metadata
  if (uid === undefined || !owner.metadata.deletionTimestamp) return
  const done = (finalizer: string) =>
    client.update(resource, name, namespace, ({ metadata }) => {
      metadata.finalizers = (metadata.finalizers ?? []).filter((one) => one !== finalizer)
    })
  if (finalizers.includes('orphan')) {
    for (const dependent of dependents(client, uid)) release(client, dependent.resource, dependent.object, uid)
    done('orphan')
  }
  if (finalizers.includes('foregroundDeletion')) {
    const left = dependents(client, uid)
    for (const { resource: of, object } of left) {
      const policy = of.kind === 'ReplicaSet' || of.kind === 'Job' ? 'Foreground' : 'Background'
      if (!object.metadata.deletionTimestamp)
        tolerant(() => client.delete(of, object.metadata.name, object.metadata.namespace, { propagationPolicy: policy }))
    }
    if (
      !dependents(client, uid).some(({ object }) =>
        object.metadata.ownerReferences?.some((ref) => ref.uid === uid && ref.blockOwnerDeletion),
      )
    )
      done('foregroundDeletion')
  }
}

const release = (client: Client, resource: ResourceName, object: KubeObject, uid: string) =>
  client.update(resource, object.metadata.name, object.metadata.namespace, ({ metadata }) => {
    metadata.ownerReferences = (metadata.ownerReferences ?? []).filter((owner) => owner.uid !== uid)
  })
