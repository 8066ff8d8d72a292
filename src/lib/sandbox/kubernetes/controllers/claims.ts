import { randomUUID } from 'node:crypto'
import type { Client, KubeObject } from '../types.ts'
import { tolerant } from './context.ts'
import { core, podsOf, setStatus } from './objects.ts'

const protection = 'kubernetes.io/pvc-protection'

const uses = ({ spec }: ReturnType<typeof podsOf>[number], claim: string): boolean =>
  spec.volumes?.some((volume) => volume.persistentVolumeClaim?.claimName === claim) === true

/** Binds a claim to a volume made for it, and lets a deleted one go when no pod uses it. */
export function reconcileClaim(client: Client, name: string, namespace: string | undefined): void {
  const claim = client.get(core('persistentvolumeclaims'), name, namespace)
  if (!claim) return
  const { metadata } = claim
  if (metadata.deletionTimestamp) {
    const used = podsOf(client, namespace).some((pod) => uses(pod, name))
    if (used) return
    return void client.update(core('persistentvolumeclaims'), name, namespace, (draft) => {
      draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((one) => one !== protection)
    })
  }
  const spec = claim['spec'] as {
    volumeName?: string
    accessModes?: string[]
    storageClassName?: string
    resources?: { requests?: { storage?: string } }
  }
  const phase = (claim['status'] as { phase?: string } | undefined)?.phase
  if (phase === 'Bound') return
  // A class that nobody has made provisions nothing: the claim waits for it.
  const { storageClassName } = spec
  const storage = storageClassName ? client.get({ group: 'storage.k8s.io', resource: 'storageclasses' }, storageClassName) : undefined
  if (storageClassName && !storage) return
  // A volume that lies on one node is made where the first pod that uses it was placed.
  const waits = storage?.['volumeBindingMode'] === 'WaitForFirstConsumer' && spec.volumeName === undefined
  const host = podsOf(client, namespace).find((pod) => uses(pod, name) && pod.spec.nodeName)?.spec.nodeName
  if (waits && host === undefined) return
  const volumeName = spec.volumeName ?? `pvc-${metadata.uid ?? randomUUID()}`
  const capacity = { storage: spec.resources?.requests?.storage ?? '1Gi' }
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid: metadata.uid }
  const volume: KubeObject = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: volumeName },
    spec: {
      capacity,
      accessModes: spec.accessModes ?? [],
      claimRef,
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: spec.storageClassName ?? '',
      volumeMode: 'Filesystem',
      ...(waits && {
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }] }] },
        },
      }),
      hostPath: { path: `/var/lib/rancher/k3s/storage/${volumeName}`, type: 'DirectoryOrCreate' },
    },
  }
  const made = tolerant(() => client.get(core('persistentvolumes'), volumeName) ?? client.create(volume))
  if (made) setStatus(client, core('persistentvolumes'), made, { phase: 'Bound' })
  client.update(core('persistentvolumeclaims'), name, namespace, (draft) => {
    draft['spec'] = { ...spec, volumeName }
  })
  setStatus(client, core('persistentvolumeclaims'), claim, { phase: 'Bound', accessModes: spec.accessModes, capacity })
}
