import type { Environment } from '../../environment/schema.ts'
import { hasEnded, isLeaving, startedAt } from '../../pod-state.ts'
import type { Commit } from '../../systems/checkout/types.ts'
import type { ConfigMap, Container, Deployment, Pod, ReplicaSet } from '../../systems/kube/types.ts'
import type { RegistryImage } from '../../systems/registry/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { podsOf } from '../cluster/rollout.ts'
import { tagOf } from '../db/gather-migrations.ts'

/** What the machines of the deployment run (ch01: CX33). */
export const machinePlatform = 'linux/amd64'

/** Workloads whose images are built from the checkout (ch14), in the order in which they are deployed. */
export const builtWorkloads = ['api', 'worker', 'web', 'admin'] as const

/** One pod that has not ended, and what it really runs. */
export interface ReleasedPod {
  readonly name: string
  readonly node: string | undefined
  /** By its container's imageID; undefined until it has started. */
  readonly digest: string | undefined
  /** RFC 3339. */
  readonly startedAt: string
  readonly pod: Pod
}

/** What one workload is to run, what its pods run, and what the registry has. */
export interface Release {
  readonly name: string
  readonly deployment: Deployment
  /** The container that carries the application. */
  readonly container: string
  readonly image: string
  readonly tag: string | undefined
  /** By the Deployment's own count; undefined where it was never rolled out. */
  readonly revision: number | undefined
  readonly cause: string | undefined
  /** Who set the image last and when, by the API server's record. */
  readonly setBy: { readonly manager: string; readonly at: string } | undefined
  readonly sets: readonly ReplicaSet[]
  readonly pods: readonly ReleasedPod[]
  readonly registry: Answer<RegistryImage | undefined>
  readonly commit: Answer<Commit | undefined>
}

const revisionNote = 'deployment.kubernetes.io/revision'
const causeNote = 'kubernetes.io/change-cause'

export const revisionOf = ({ metadata }: Deployment | ReplicaSet): number | undefined => {
  const revision = Number(metadata.annotations?.[revisionNote])
  return Number.isInteger(revision) ? revision : undefined
}

/** The one with the workload's own name, else the first. */
export const mainContainer = (name: string, containers: readonly Container[]): Container | undefined =>
  containers.find((one) => one.name === name) ?? containers[0]

/** `sha256:…` of `host/name@sha256:…`. */
export const digestIn = (imageId: string | undefined): string | undefined => imageId?.match(/sha256:[0-9a-f]{64}$/)?.[0]

/** "sha256:cf41a0b2c3d4", enough to tell two apart. */
export const shortDigest = (digest: string): string => digest.slice(0, 19)

type Look = Readers<'kube' | 'registry' | 'checkout'>

/** Everything that the commands about releases look at, of the workloads that are built from the checkout and are there. */
export const gatherReleases = async (look: Look, { namespace }: Pick<Environment, 'namespace'>): Promise<readonly Release[]> => {
  const [deployments, sets] = await Promise.all([look.kube.list('Deployment', { namespace }), look.kube.list('ReplicaSet', { namespace })])
  const built = builtWorkloads.flatMap((name) => deployments.find(({ metadata }) => metadata.name === name) ?? [])
  return Promise.all(built.map((deployment) => releaseOf(look, deployment, sets)))
}

const releaseOf = async (look: Look, deployment: Deployment, all: readonly ReplicaSet[]): Promise<Release> => {
  const { name, annotations } = deployment.metadata
  const container = mainContainer(name, deployment.spec.template.spec.containers)
  const image = container?.image ?? ''
  const tag = tagOf(image)
  const [pods, registry, commit] = await Promise.all([
    look.kube.pods(podsOf(deployment)),
    answer(look.registry.image(image)),
    answer(tag === undefined ? Promise.resolve(undefined) : look.checkout.commit(tag)),
  ])
  const sets = all.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === deployment.metadata.uid))
  return {
    name,
    deployment,
    container: container?.name ?? '',
    image,
    tag,
    revision: revisionOf(deployment),
    cause: annotations?.[causeNote],
    setBy: imageSetBy(deployment, container?.name ?? ''),
    sets,
    pods: pods.filter((pod) => !hasEnded(pod) && !isLeaving(pod)).map((pod) => releasedPod(pod, container?.name ?? '')),
    registry,
    commit,
  }
}

const releasedPod = (pod: Pod, container: string): ReleasedPod => ({
  name: pod.metadata.name,
  node: pod.spec.nodeName,
  digest: digestIn(pod.status.containerStatuses?.find(({ name }) => name === container)?.imageID),
  startedAt: startedAt(pod),
  pod,
})

/** Whether a tree of managed fields has this place. */
const owns = (fields: unknown, path: readonly string[]): boolean => {
  const [first, ...rest] = path
  if (first === undefined) return true
  if (typeof fields !== 'object' || fields === null) return false
  return owns((fields as Readonly<Record<string, unknown>>)[first], rest)
}

const imageSetBy = ({ metadata }: Deployment, container: string): Release['setBy'] => {
  const path = ['f:spec', 'f:template', 'f:spec', 'f:containers', `k:${JSON.stringify({ name: container })}`, 'f:image']
  return lastOwner(metadata.managedFields, path)
}

/** Who wrote a field last, of those that own it. */
const lastOwner = (fields: ConfigMap['metadata']['managedFields'], path: readonly string[]): Release['setBy'] => {
  const [last] = (fields ?? [])
    .filter(({ subresource, fieldsV1 }) => subresource === undefined && owns(fieldsV1, path))
    .sort((one, other) => (other.time ?? '').localeCompare(one.time ?? ''))
  return last?.manager !== undefined && last.time !== undefined ? { manager: last.manager, at: last.time } : undefined
}

/** When a ConfigMap's values were last written, by the server's record. */
const writtenAt = ({ metadata, data }: ConfigMap): string | undefined =>
  Object.keys(data ?? {})
    .flatMap((key) => lastOwner(metadata.managedFields, ['f:data', `f:${key}`])?.at ?? [])
    .sort()
    .at(-1)

/** Whether a workload's containers take all of a ConfigMap into their environment. */
const readsConfig = ({ deployment }: Pick<Release, 'deployment'>, configMap: string): boolean =>
  deployment.spec.template.spec.containers.some(
    ({ envFrom = [], env = [] }) =>
      envFrom.some(({ configMapRef }) => configMapRef?.name === configMap) ||
      env.some(({ valueFrom }) => valueFrom?.configMapKeyRef?.name === configMap),
  )

/** Pods that started before the ConfigMap was last written: they run with the values from before. */
export const olderThanConfig = (release: Release, config: ConfigMap | undefined, name: string): readonly ReleasedPod[] => {
  const written = config && writtenAt(config)
  if (written === undefined || !readsConfig(release, name)) return []
  return release.pods.filter((pod) => pod.startedAt < written)
}

/** Its pods by what they run, the most first; those that have not started are left out. */
export const digestsOf = ({ pods }: Pick<Release, 'pods'>): ReadonlyMap<string, readonly ReleasedPod[]> => {
  const by = new Map<string, ReleasedPod[]>()
  for (const pod of pods) if (pod.digest !== undefined) by.set(pod.digest, [...(by.get(pod.digest) ?? []), pod])
  return new Map([...by].sort(([, one], [, other]) => other.length - one.length))
}
