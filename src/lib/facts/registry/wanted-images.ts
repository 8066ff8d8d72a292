import { referenceOf } from '../../image-reference.ts'
import { hasEnded, isLeaving } from '../../pod-state.ts'
import type { Container, KubeReader, Pod, PodSpec, ReplicaSet } from '../../systems/kube/types.ts'
import { type Maker, makersIn } from '../cluster/makers.ts'
import { builtWorkloads, digestIn, mainContainer, revisionOf } from '../deploy/release.ts'

/** An image that is to be pulled, now or on the way back. */
export interface WantedImage {
  readonly workload: string
  readonly image: string
  /** `live`, or the number of the revision that a rollback would go to. */
  readonly use: 'live' | number
  /** What pods run of it: digests, the most pods first. */
  readonly running: readonly string[]
}

const containersOf = ({ initContainers = [], containers }: PodSpec): readonly Container[] => [...initContainers, ...containers]

/** "host/name". */
export const repositoryOf = (image: string): string => {
  const { host, name } = referenceOf(image) ?? { host: '', name: image }
  return `${host}/${name}`
}

/** The images of one spec that name one of these registries, each once. */
export const imagesIn = (spec: PodSpec, hosts: ReadonlySet<string>): readonly string[] => [
  ...new Set(containersOf(spec).flatMap(({ image = '' }) => (hosts.has(referenceOf(image)?.host ?? '') ? [image] : []))),
]

/** The registries that the deployment's own images come from: what else is pulled, others keep for everybody. */
const ownRegistries = (makers: readonly Maker[]): ReadonlySet<string> =>
  new Set(
    makers
      .filter(([kind, { metadata }]) => kind === 'Deployment' && builtWorkloads.some((one) => one === metadata.name))
      .flatMap(([, { spec }]) => containersOf(spec.template.spec).flatMap(({ image = '' }) => referenceOf(image)?.host ?? [])),
  )

/** What the live templates name, and what pods run of it. */
const liveImages = (makers: readonly Maker[], hosts: ReadonlySet<string>, pods: readonly Pod[]): readonly WantedImage[] =>
  makers.flatMap(([, { metadata, spec }]) =>
    imagesIn(spec.template.spec, hosts).map((image) => ({
      workload: metadata.name,
      image,
      use: 'live' as const,
      running: digestsOf(image, pods),
    })),
  )

/** By the pods' own specs: one that runs another image says nothing of this one. */
const digestsOf = (image: string, pods: readonly Pod[]): readonly string[] => {
  const counts = new Map<string, number>()
  for (const pod of pods) {
    if (hasEnded(pod) || isLeaving(pod)) continue
    const names = new Set(pod.spec.containers.filter((one) => one.image === image).map(({ name }) => name))
    for (const { name, imageID } of pod.status.containerStatuses ?? []) {
      const digest = names.has(name) ? digestIn(imageID) : undefined
      if (digest !== undefined) counts.set(digest, (counts.get(digest) ?? 0) + 1)
    }
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([digest]) => digest)
}

/** The revisions that a Deployment keeps beside the present one, the newest first: their images are what a rollback pulls. */
const earlierImages = (makers: readonly Maker[], hosts: ReadonlySet<string>, sets: readonly ReplicaSet[]): readonly WantedImage[] =>
  makers.flatMap(([kind, { metadata, spec }]) => {
    const present = new Set(imagesIn(spec.template.spec, hosts))
    if (kind !== 'Deployment') return []
    return sets
      .filter(({ metadata: own }) => own.ownerReferences?.some(({ uid }) => uid === metadata.uid))
      .flatMap((set) => {
        const [use, image = ''] = [revisionOf(set), mainContainer(metadata.name, set.spec.template.spec.containers)?.image]
        return use === undefined || present.has(image) || !hosts.has(referenceOf(image)?.host ?? '')
          ? []
          : [{ workload: metadata.name, image, use, running: [] }]
      })
      .sort((one, other) => other.use - one.use)
  })

/** Who makes pods in a namespace, from which registries of our own, and what is wanted of these: live, or on the way back. Throws what reading the workloads throws. */
export const gatherWanted = async (kube: Pick<KubeReader, 'list' | 'pods'>, namespace: string) => {
  const [makers, sets, pods] = await Promise.all([
    makersIn(kube, namespace),
    kube.list('ReplicaSet', { namespace }),
    kube.pods({ namespace }),
  ])
  const hosts = ownRegistries(makers)
  return { makers, hosts, pods, live: liveImages(makers, hosts, pods), earlier: earlierImages(makers, hosts, sets) }
}
