import { Blocked } from '../../errors.ts'
import { tagOf } from '../../facts/db/gather-migrations.ts'
import { mainContainer, type Release, revisionOf } from '../../facts/deploy/release.ts'
import { sh } from '../../shell.ts'
import type { Deployment, ReplicaSet } from '../../systems/kube/types.ts'
import type { Wanted } from './image-facts.ts'
import { sameTemplate } from './move-image.ts'

type Template = Deployment['spec']['template']

const hashLabel = 'pod-template-hash'
const historyNote = 'deployment.kubernetes.io/revision-history'
const restartNote = 'kubectl.kubernetes.io/restartedAt'

/** A count of the Deployment; a commit's short name has seven digits and more. */
export const isRevision = (to: string): boolean => /^[1-9]\d{0,4}$/.test(to)

export const repositoryOf = (image: string): string => image.replace(/@.*$/, '').replace(/:[^:/]*$/, '')

const imageIn = (name: string, template: Template): string => mainContainer(name, template.spec.containers)?.image ?? ''

/** The revisions that a ReplicaSet is and has been: brought back, it gets a new number. */
const revisionsOf = (set: ReplicaSet): readonly number[] => [
  ...(set.metadata.annotations?.[historyNote] ?? '').split(',').flatMap((one) => (one === '' ? [] : [Number(one)])),
  ...[revisionOf(set)].flatMap((one) => one ?? []),
]

const newestFirst = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] =>
  [...sets].sort((one, other) => (revisionOf(other) ?? 0) - (revisionOf(one) ?? 0))

/** What a workload comes to: the template of a revision that it has had, or where it has had none of a commit, that commit's image. Throws Blocked for a revision that is not kept. */
export const rollbackTarget = ({ name, deployment, image, sets }: Release, to: string): Wanted => {
  const kept = newestFirst(sets)
  const found = isRevision(to)
    ? kept.find((set) => revisionsOf(set).includes(Number(to)))
    : kept.find((set) => tagOf(imageIn(name, set.spec.template)) === to)
  if (found === undefined && isRevision(to))
    throw new Blocked({
      code: 'deploy-no-revision',
      failed: `${name} has no revision ${to} any more`,
      cause: `It keeps ${kept
        .flatMap(revisionsOf)
        .sort((a, b) => a - b)
        .join(', ')}`,
      next: sh`kubectl -n ${deployment.metadata.namespace ?? ''} rollout history ${`deployment/${name}`}`,
    })
  // What runs is of this commit already: another revision of the same image is named by its number.
  if (found === undefined || (!isRevision(to) && tagOf(image) === to)) return { image: `${repositoryOf(image)}:${to}` }
  const template = withoutHash(found.spec.template)
  const target = imageIn(name, template)
  const present = deployment.spec.template
  if (sameTemplate(plain(present, name), plain(template, name))) return { image: target }
  const now = kept.find((set) => revisionOf(set) === revisionOf(deployment))
  return {
    image: target,
    template: {
      from: present,
      to: template,
      fromHash: now?.metadata.labels?.[hashLabel],
      toHash: found.metadata.labels?.[hashLabel],
      label: `revision ${isRevision(to) ? to : revisionOf(found)} (${tagOf(target) ?? target})`,
    },
  }
}

const withoutHash = (template: Template): Template => {
  const { [hashLabel]: _, ...labels } = template.metadata?.labels ?? {}
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** Without the image and without when somebody restarted it: what else a revision has of its own. */
const plain = ({ metadata, spec }: Template, name: string): object => {
  const { [restartNote]: _, ...annotations } = metadata?.annotations ?? {}
  const own = mainContainer(name, spec.containers)?.image
  const without = (one: { readonly image?: string }) => (one.image === own ? { ...one, image: '' } : one)
  return {
    labels: metadata?.labels,
    annotations,
    spec: {
      ...spec,
      containers: spec.containers.map(without),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(without) }),
    },
  }
}
