import type { Clock } from '../../clock.ts'
import { Moved } from '../../errors.ts'
import { pathOf } from './kinds.ts'
import type { KubeClient } from './request.ts'
import { isOfKind } from './shape.ts'
import type { Deployment, KubeWriter, Target } from './types.ts'

/** While a Deployment is at 0 for us, this annotation says how many replicas it had. */
export const replicasNote = 'honeydue.dev/replicas'

/** Where client-side `kubectl apply` keeps a copy of what it applied, private keys too. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'

/** On a Job of db:migrate: to which version, so that an interrupted run knows it again. */
export const migratesToNote = 'honeydue.dev/migrates-to'

const jsonPatch = 'application/json-patch+json'
const mergePatch = 'application/merge-patch+json'
/** A key as a JSON Pointer holds it. */
const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')
const notePath = `/metadata/annotations/${pointer(replicasNote)}`

/** The writing half: see `KubeWriter`. `dry` sends the same calls as server-side dry runs. */
export const writeKube = (client: KubeClient, clock: Clock, dry: boolean): KubeWriter => {
  const patch = async (path: string, contentType: string, body: unknown): Promise<void> => {
    await client.write({ method: 'PATCH', path, contentType, body, dry })
  }
  const deployment = ({ namespace, name }: Target) => pathOf('Deployment', namespace, name)
  return {
    setConfigMapValue: ({ namespace, name, key, from, to }) =>
      patch(pathOf('ConfigMap', namespace, name), jsonPatch, [
        { op: 'test', path: `/data/${pointer(key)}`, value: from },
        { op: 'replace', path: `/data/${pointer(key)}`, value: to },
      ]),
    restart: (target) =>
      patch(deployment(target), mergePatch, {
        spec: {
          template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': clock.now().toISOString() } } },
        },
      }),
    // A Deployment that was ever rolled out has annotations: its revision. An `add` before the `remove` makes the latter safe.
    scale: async ({ from, to, ...target }) => {
      const change = patch(deployment(target), jsonPatch, [
        { op: 'test', path: '/spec/replicas', value: from },
        { op: 'replace', path: '/spec/replicas', value: to },
        ...(to === 0 || from === 0 ? [{ op: 'add', path: notePath, value: String(from) }] : []),
        ...(from === 0 ? [{ op: 'remove', path: notePath }] : []),
      ])
      await change.catch(async (error: unknown) => {
        const now =
          error instanceof Moved ? await client.get<Deployment>(deployment(target), (one) => isOfKind('Deployment', one)) : undefined
        if (now?.spec.replicas !== to) throw error
      })
    },
    setPaused: ({ paused, ...target }) => patch(deployment(target), mergePatch, { spec: { paused: paused ? true : null } }),
    runJob: async ({ namespace, manifest, migratesTo }) => {
      const annotations = { ...(manifest.metadata.annotations as object | undefined), [migratesToNote]: String(migratesTo) }
      const body = { ...manifest, metadata: { ...manifest.metadata, namespace, annotations } }
      await client.write({ method: 'POST', path: pathOf('Job', namespace), body, dry })
    },
    removeJob: async ({ namespace, name, uid }) => {
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Foreground', preconditions: { uid } }
      await client.write({ method: 'DELETE', path: pathOf('Job', namespace, name), body, dry })
    },
    annotate: ({ kind, namespace, name, annotation, value }) =>
      patch(pathOf(kind, namespace, name), mergePatch, { metadata: { annotations: { [annotation]: value ?? null } } }),
    // The new pair does not exist when a plan is made: rehearsed is a write that changes nothing on the version that was read.
    replaceTlsSecret: async ({ namespace, name, resourceVersion, certificate, key }) => {
      const base64 = (text: string) => Buffer.from(text).toString('base64')
      const pair = dry ? {} : { data: { 'tls.crt': base64(await certificate.read()), 'tls.key': base64((await key.read()).reveal()) } }
      await patch(pathOf('Secret', namespace, name), mergePatch, {
        metadata: { resourceVersion, annotations: { [lastApplied]: null } },
        ...pair,
      })
    },
  }
}
