import { same } from '../schema/json.ts'
import type { Client, KubeObject } from '../types.ts'
import { tolerant } from './context.ts'
import { controllerRevisions, ownedBy, owns } from './objects.ts'

/** Keeps the history of a workload: the revision of its template is there, and has the highest number. */
export function currentRevision(
  client: Client,
  owner: KubeObject & { readonly spec: { readonly template: { readonly metadata?: { readonly labels?: Record<string, string> } } } },
  hash: string,
  data: Readonly<Record<string, unknown>>,
  annotations: Readonly<Record<string, string>>,
): void {
  const { name, namespace } = owner.metadata
  const all = client.list(controllerRevisions, { namespace: namespace ?? '' }).filter((one) => owns(owner, one))
  const latest = Math.max(0, ...all.map((one) => Number(one['revision'])))
  const known = all.find((one) => same(one['data'], data))
  if (known && known['revision'] === latest) return
  if (known)
    return void client.update(controllerRevisions, known.metadata.name, namespace, (draft) => {
      draft['revision'] = latest + 1
      draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations }
    })
  const labels = { ...owner.spec.template.metadata?.labels, 'controller-revision-hash': hash }
  tolerant(() =>
    client.create({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: { name: `${name}-${hash}`, ...(namespace ? { namespace } : {}), labels, annotations, ownerReferences: [ownedBy(owner)] },
      data,
      revision: latest + 1,
    }),
  )
}
