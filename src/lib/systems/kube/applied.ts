import { Failed } from '../../errors.ts'
import type { KubeClient } from './request.ts'
import { isOfKind } from './shape.ts'
import type { Applied, KubeManifest, KubeObject } from './types.ts'

interface Resources {
  readonly resources: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[]
}

const areResources = (value: unknown): boolean => Array.isArray((value as Partial<Resources> | null)?.resources)
const isObject = (value: unknown): boolean => isOfKind('ConfigMap', value)

/** Where the server itself has this kind; undefined where it knows none such. */
const pathOf = async (client: KubeClient, { apiVersion, kind, metadata }: KubeManifest, namespace: string): Promise<string | undefined> => {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const found = await client.get<Resources>(group, areResources)
  const one = found?.resources.find((resource) => resource.kind === kind && !resource.name.includes('/'))
  if (!one) return undefined
  const within = one.namespaced ? `/namespaces/${encodeURIComponent(metadata.namespace ?? namespace)}` : ''
  return `${group}${within}/${one.name}/${encodeURIComponent(metadata.name)}`
}

/** As `kubectl diff --server-side --force-conflicts` asks: as field manager `kubectl`, and nothing is changed. */
export const applied = async (client: KubeClient, manifest: KubeManifest, namespace: string): Promise<Applied> => {
  const path = await pathOf(client, manifest, namespace)
  if (path === undefined)
    throw new Failed({ code: 'kube-no-kind', failed: `The cluster knows no ${manifest.kind} of ${manifest.apiVersion}` })
  const [live, after] = await Promise.all([
    client.get<KubeObject>(path, isObject),
    client.wouldApply(path, manifest) as Promise<KubeObject>,
  ])
  return { path, live, after }
}
