import { chunksOf } from '../../chunks.ts'
import { reasonOf, Trouble } from '../../errors.ts'
import type { TextFile } from '../../systems/checkout/types.ts'
import type { Applied, KubeManifest } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { parseYamlDocuments } from '../../yaml-text.ts'
import { manifestsOf } from '../checkout/manifests.ts'
import { manifestDifferences } from '../db/migrate-manifest.ts'

/** What applying one object of a manifest would do. */
export interface ManifestChange {
  readonly file: string
  /** `Deployment api`. */
  readonly object: string
  /** As the manifest itself says it. */
  readonly namespace?: string | undefined
  readonly does: 'nothing' | 'makes' | 'changes' | 'not compared'
  /** Three differences at most, or why it was not compared. */
  readonly what: readonly string[]
  /** The API refuses this user what the comparison needs. */
  readonly forbidden?: true
}

/** Objects that are asked about at a time: each is two calls. */
const atOnce = 8

/** What 03-deploy.sh fills in when it deploys: the words there are not what is applied. */
const filledIn = /\$\{?[A-Z][A-Z0-9_]*\}?|\{\{|__[A-Z_]+__/

/** Every object of the checkout's manifests, as a server-side dry run would apply it. The migration's Job is left out: a deploy deletes it and makes it anew. */
export const manifestChanges = async (look: Readers<'kube' | 'checkout'>, namespace: string): Promise<readonly ManifestChange[]> => {
  const files = (await manifestsOf(look)).filter(({ name }) => !isOfMigrations(name))
  return (await comparedObjects(look, namespace, files)).map(({ change }) => change)
}

/** What db:migrate makes of its manifest, and nothing else does. */
export const isOfMigrations = (file: string): boolean => file.includes('/migrate/')

/** One object of a manifest, with what an apply would make of it; without that where it was not compared. */
export interface ComparedObject {
  readonly change: ManifestChange
  readonly manifest?: KubeManifest
  readonly applied?: Applied
}

/** Every object of these files beside what there is of it, in their order. */
export const comparedObjects = async (
  look: Readers<'kube'>,
  namespace: string,
  files: readonly TextFile[],
): Promise<readonly ComparedObject[]> => {
  const asked = files.flatMap(({ name: file, text }) => {
    const documents = parseYamlDocuments(text)
    return documents === undefined ? [{ file, manifest: undefined }] : documents.flatMap(itemsOf).map((manifest) => ({ file, manifest }))
  })
  const found: ComparedObject[] = []
  for (const part of chunksOf(asked, atOnce))
    found.push(...(await Promise.all(part.map(({ file, manifest }) => comparedObject(look, namespace, file, manifest)))))
  return found
}

/** A list is so many manifests. */
const itemsOf = (document: unknown): readonly unknown[] => {
  const { items } = (document ?? {}) as { readonly items?: unknown }
  return Array.isArray(items) ? items : [document]
}

const isManifest = (value: unknown): value is KubeManifest => {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubeManifest>
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string'
}

const comparedObject = async ({ kube }: Readers<'kube'>, namespace: string, file: string, manifest: unknown): Promise<ComparedObject> => {
  const not = (object: string, why: string): ComparedObject => ({ change: { file, object, does: 'not compared', what: [why] } })
  if (!isManifest(manifest)) return not('', manifest === undefined ? 'it does not parse' : 'it is no object of Kubernetes')
  const object = `${manifest.kind} ${manifest.metadata.name}`
  if (filledIn.test(JSON.stringify(manifest))) return not(object, 'the script fills it in')
  try {
    const applied = await kube.applied(manifest, namespace)
    const { live, after } = applied
    if (!live) return { change: { file, object, namespace: manifest.metadata.namespace, does: 'makes', what: [] }, manifest, applied }
    const found = manifestDifferences(withoutVolatile(after), withoutVolatile(live))
    // Whatever a Secret holds stays unseen.
    const what = manifest.kind === 'Secret' && found.length > 0 ? ['its values'] : found
    return { change: { file, object, does: found.length > 0 ? 'changes' : 'nothing', what }, manifest, applied }
  } catch (error) {
    // One kind that this user may not read says nothing of the others; a server that does not answer says nothing at all.
    if (error instanceof Trouble && error.code === 'kube-forbidden')
      return { change: { ...not(object, 'this user has no right to it').change, forbidden: true } }
    if (error instanceof Trouble && error.exitCode === 9) throw error
    return not(object, error instanceof Trouble ? (error.likely ?? error.failed) : reasonOf(error))
  }
}

const volatile = new Set([
  'managedFields',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'uid',
  'kubectl.kubernetes.io/last-applied-configuration',
])

/** An object without what the server writes, and without images: their tags are the script's. */
export const withoutVolatile = (value: unknown, path = ''): unknown => {
  if (Array.isArray(value)) return value.map((one) => withoutVolatile(one, path))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      if (path === '' && key === 'status') return []
      if (volatile.has(key) && /^(?:metadata(?:\.annotations)?)$/.test(path)) return []
      if (key === 'image' && /ontainers$/.test(path)) return []
      const within = withoutVolatile(one, path === '' ? key : `${path}.${key}`)
      return [[key, within]]
    }),
  )
}
