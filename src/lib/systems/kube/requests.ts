import { lastApplied, lastRotatedNote, migratesToNote, replicasNote } from '../../notes.ts'
import { pathOf } from './kinds.ts'
import type { KubeWriter, Target } from './types.ts'

/** One write as the API takes it: the writer sends it, and its shell line says the same. */
export interface KubeRequest {
  readonly method: 'POST' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly contentType?: string
  readonly body: unknown
  /** Under which the server records it; `honeydue` without one. */
  readonly manager?: string
}

type Of<K extends keyof KubeWriter> = Parameters<KubeWriter[K]>[0]

const jsonPatch = (path: string, body: unknown): KubeRequest => ({
  method: 'PATCH',
  path,
  contentType: 'application/json-patch+json',
  body,
})
const mergePatch = (path: string, body: unknown): KubeRequest => ({
  method: 'PATCH',
  path,
  contentType: 'application/merge-patch+json',
  body,
})
const deployment = ({ namespace, name }: Target) => pathOf('Deployment', namespace, name)
/** A key as a JSON Pointer holds it. */
const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
const notePath = `/metadata/annotations/${pointer(replicasNote)}`

export const setValueRequest = ({ namespace, name, key, from, to }: Of<'setConfigMapValue'>): KubeRequest =>
  jsonPatch(pathOf('ConfigMap', namespace, name), [
    { op: 'test', path: `/data/${pointer(key)}`, value: from },
    { op: 'replace', path: `/data/${pointer(key)}`, value: to },
  ])

/** A JSON Patch cannot ask whether a key is not there: the whole object is to be the one that was read. */
export const addValueRequest = ({ namespace, name, key, to, resourceVersion }: Of<'addConfigMapValue'>): KubeRequest =>
  jsonPatch(pathOf('ConfigMap', namespace, name), [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: `/data/${pointer(key)}`, value: to },
  ])

export const removeValueRequest = ({ namespace, name, key, from }: Of<'removeConfigMapValue'>): KubeRequest =>
  jsonPatch(pathOf('ConfigMap', namespace, name), [
    { op: 'test', path: `/data/${pointer(key)}`, value: from },
    { op: 'remove', path: `/data/${pointer(key)}` },
  ])

export const restartRequest = (target: Of<'restart'>, at: Date): KubeRequest =>
  mergePatch(deployment(target), {
    spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': at.toISOString() } } } },
  })

/** A Deployment that was ever rolled out has annotations: its revision. An `add` before the `remove` makes the latter safe. */
export const scaleRequest = ({ from, to, ...target }: Of<'scale'>): KubeRequest =>
  jsonPatch(deployment(target), [
    { op: 'test', path: '/spec/replicas', value: from },
    { op: 'replace', path: '/spec/replicas', value: to },
    ...(to === 0 || from === 0 ? [{ op: 'add', path: notePath, value: String(from) }] : []),
    ...(from === 0 ? [{ op: 'remove', path: notePath }] : []),
  ])

export const imageRequest = ({ places, from, to, ...target }: Of<'setImage'>): KubeRequest =>
  jsonPatch(
    deployment(target),
    places.flatMap((path) => [
      { op: 'test', path, value: from },
      { op: 'replace', path, value: to },
    ]),
  )

export const templateRequest = ({ from, to, ...target }: Of<'setTemplate'>): KubeRequest =>
  jsonPatch(deployment(target), [
    { op: 'test', path: '/spec/template', value: from },
    { op: 'replace', path: '/spec/template', value: to },
  ])

export const pauseRequest = ({ paused, ...target }: Of<'setPaused'>): KubeRequest =>
  mergePatch(deployment(target), { spec: { paused: paused ? true : null } })

export const unschedulableRequest = ({ node, unschedulable }: Of<'setUnschedulable'>): KubeRequest =>
  mergePatch(pathOf('Node', undefined, node), { spec: { unschedulable: unschedulable ? true : null } })

export const removeNodeRequest = ({ node, uid }: Of<'removeNode'>): KubeRequest =>
  removeObjectRequest({ path: pathOf('Node', undefined, node), object: node, uid })

export const markNodeRequest = ({ node, labels, annotations, taints }: Of<'markNode'>): KubeRequest =>
  mergePatch(pathOf('Node', undefined, node), {
    metadata: { labels, ...(annotations && { annotations }) },
    ...(taints.length > 0 && { spec: { taints } }),
  })

/** The API refuses it (429) where a budget has nothing left, and (409) where another pod has the name by now. */
export const evictRequest = ({ namespace, name, uid }: Target & { readonly uid: string }): KubeRequest => ({
  method: 'POST',
  path: `${pathOf('Pod', namespace, name)}/eviction`,
  body: {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { namespace, name },
    deleteOptions: { preconditions: { uid } },
  },
})

export const annotateRequest = ({ kind, namespace, name, annotation, value }: Of<'annotate'>): KubeRequest =>
  mergePatch(pathOf(kind, namespace, name), { metadata: { annotations: { [annotation]: value ?? null } } })

/** A pod that has ended goes at once, whatever grace it had. */
export const removePodRequest = ({ namespace, name, uid, atOnce }: Of<'removePod'>): KubeRequest => ({
  method: 'DELETE',
  path: pathOf('Pod', namespace, name),
  body: { apiVersion: 'v1', kind: 'DeleteOptions', ...(atOnce && { gracePeriodSeconds: 0 }), preconditions: { uid } },
})

export const createClaimRequest = ({ namespace, manifest }: Of<'createClaim'>): KubeRequest => ({
  method: 'POST',
  path: pathOf('PersistentVolumeClaim', namespace),
  body: manifest,
})

export const createObjectRequest = ({ path, manifest }: Of<'createObject'>): KubeRequest => ({
  method: 'POST',
  path: path.slice(0, path.lastIndexOf('/')),
  body: manifest,
})

/** All that is tested stands before all that is changed: a test sees what an operation before it has done. */
export const changeObjectRequest = ({ path, changes }: Of<'changeObject'>): KubeRequest => {
  const to = (at: readonly string[]) => at.map((key) => `/${pointer(key)}`).join('')
  return jsonPatch(path, [
    ...changes.flatMap(({ test }) => (test ? [{ op: 'test', path: to(test.at), value: test.value }] : [])),
    ...changes.map(({ at, from, to: value }) =>
      value === undefined ? { op: 'remove', path: to(at) } : { op: from === undefined ? 'add' : 'replace', path: to(at), value },
    ),
  ])
}

export const removeObjectRequest = ({ path, uid }: Of<'removeObject'>): KubeRequest => ({
  method: 'DELETE',
  path,
  body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
})

export const removeAutoscalerRequest = ({ namespace, name, uid }: Of<'removeAutoscaler'>): KubeRequest => ({
  method: 'DELETE',
  path: pathOf('HorizontalPodAutoscaler', namespace, name),
  body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid } },
})

export const removeJobRequest = ({ namespace, name, uid }: Of<'removeJob'>): KubeRequest => ({
  method: 'DELETE',
  path: pathOf('Job', namespace, name),
  body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground', preconditions: { uid } },
})

/** The new pair of a TLS Secret, in base64; without one, a write that changes nothing. */
export const tlsSecretRequest = (
  { namespace, name, resourceVersion }: Omit<Of<'replaceTlsSecret'>, 'certificate' | 'key' | 'files'>,
  pair?: { readonly certificate: string; readonly key: string },
): KubeRequest =>
  mergePatch(pathOf('Secret', namespace, name), {
    metadata: { resourceVersion, annotations: { [lastApplied]: null } },
    ...(pair && { data: { 'tls.crt': pair.certificate, 'tls.key': pair.key } }),
  })

/** Under whose name a key's writes are recorded: the server keeps a time for each, and not for each key. */
export const managerOf = (key: string): string => `honeydue.${key}`

/** The new value of one key in base64; without one, a write that changes nothing of it. */
export const secretValueRequest = (
  {
    namespace,
    name,
    key,
    resourceVersion,
    rotated,
    also,
  }: Omit<Of<'setSecretValue'>, 'value' | 'file' | 'also' | 'hashedFor'> & { readonly also?: string },
  value?: string,
  alsoValue?: string,
): KubeRequest => ({
  ...mergePatch(pathOf('Secret', namespace, name), {
    metadata: { resourceVersion, annotations: { [lastApplied]: null, [lastRotatedNote]: rotated ?? null } },
    ...(value !== undefined && { data: { [key]: value, ...(also !== undefined && { [also]: alsoValue }) } }),
  }),
  manager: managerOf(key),
})

/** The keys of a Secret in base64, `null` where one is to go; an apply would own every key of its source, and with it the server's record of when each was rotated. */
export const secretValuesRequest = (
  { namespace, name, resourceVersion, type }: Omit<Of<'setSecretValues'>, 'values'>,
  data: Readonly<Record<string, string | null>>,
): KubeRequest =>
  resourceVersion === undefined
    ? {
        method: 'POST',
        path: pathOf('Secret', namespace),
        body: { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, data },
      }
    : mergePatch(pathOf('Secret', namespace, name), { metadata: { resourceVersion }, data })

export const runJobRequest = ({ namespace, manifest, migratesTo }: Of<'runJob'>): KubeRequest => {
  const annotations = { ...(manifest.metadata.annotations as object | undefined), [migratesToNote]: String(migratesTo) }
  return {
    method: 'POST',
    path: pathOf('Job', namespace),
    body: { ...manifest, metadata: { ...manifest.metadata, namespace, annotations } },
  }
}
