import { Blocked, reasonOf } from '../../errors.ts'
import { type Answer, answer } from '../../facts/answer.ts'
import { gatherMigrations, type MigrationFacts } from '../../facts/db/gather-migrations.ts'
import { migratingJobs, noneMigrates } from '../../facts/db/migrating.ts'
import { builtWorkloads, digestsOf, gatherReleases, machinePlatform, type Release, shortDigest } from '../../facts/deploy/release.ts'
import { workloadOf } from '../../facts/deploy/workload.ts'
import type { Context } from '../../plan/context.ts'
import { every, type Finding, fails, holds } from '../../plan/finding.ts'
import { sh } from '../../shell.ts'
import type { RegistryImage } from '../../systems/registry/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { isThere, type Move, type TemplateMove } from './move-image.ts'

export type Look = Readers<'kube' | 'registry' | 'checkout' | 'postgres' | 'http'>

/** One workload on its way to another image. */
export interface Target extends Move {
  readonly release: Release
  readonly registry: Answer<RegistryImage | undefined>
}

export interface MoveFacts {
  readonly namespace: string
  readonly targets: readonly Target[]
  readonly migrating: readonly string[]
  /** The schema against the image that api and worker come to; undefined where neither is among them. */
  readonly schema: MigrationFacts | undefined
  readonly health: { readonly url: string; readonly answers: boolean }
  readonly warmup: string | undefined
}

/** Which of the workloads are meant, in the order in which they are deployed. Throws Blocked for one that is none of them. */
const chosen = (only: readonly string[], releases: readonly Release[]): readonly Release[] => {
  const unknown = only.filter((name) => !releases.some((one) => one.name === name))
  if (unknown.length > 0 || releases.length === 0)
    throw new Blocked({
      code: 'deploy-no-workload',
      failed: `${unknown.join(', ') || builtWorkloads.join(', ')}: no such workload is there whose image is built from the checkout`,
      cause: releases.length > 0 ? `There are ${releases.map(({ name }) => name).join(', ')}` : 'The namespace has none of them',
      next: 'honeydue deploy:status',
    })
  return only.length === 0 ? releases : releases.filter(({ name }) => only.includes(name))
}

/** Where one workload is to come to. */
export interface Wanted {
  readonly image: string
  readonly template?: TemplateMove
}

/** Everything that a change of images depends on; `wanted` gives the image that each is to come to. */
export const gatherMoves = async (
  look: Look,
  { environment }: Context,
  only: readonly string[],
  wanted: (release: Release) => Promise<Wanted> | Wanted,
): Promise<MoveFacts> => {
  const { namespace, health, warmup } = environment
  const [releases, migrating, answers] = await Promise.all([
    gatherReleases(look, { namespace }),
    migratingJobs(look, namespace),
    look.http.get(health).then(
      ({ status }) => status === 200,
      () => false,
    ),
  ])
  const targets = await Promise.all(
    chosen(only, releases).map(async (release): Promise<Target> => {
      const { image: to, template } = await wanted(release)
      const registry = await answer(look.registry.image(to))
      return {
        ...workloadOf(release.deployment, environment),
        release,
        registry,
        from: release.image,
        to,
        ...(template && { template }),
        digest: registry.answered ? registry.value?.digest : undefined,
      }
    }),
  )
  const schemaOf = targets.find(({ name }) => name === 'api') ?? targets.find(({ name }) => name === 'worker')
  // Images of one commit have its migrations; api's name is what git's tag is found by.
  const schema = schemaOf && (await gatherMigrations(look, namespace, schemaOf.to))
  return { namespace, targets, migrating, schema, health: { url: health, answers }, warmup: warmup.pattern }
}

/** What must hold of every workload that is to change, whichever way its image was found. */
export const mayMove = ({ targets, migrating }: MoveFacts, steady: (target: Target) => Finding): Finding => {
  const changing = targets.filter((target) => !isThere(target))
  return every([
    changing.length === 0 ? holds : noneMigrates(migrating),
    ...changing.map((target) => (stoppedByUs(target) ? holds : steady(target))),
    ...changing.map(({ name, replicas, singleton }) =>
      singleton && replicas > 1
        ? fails(`${name} has ${replicas} replicas, and only one may run`, sh`honeydue deploy:scale ${name} --replicas 1 --dry-run`)
        : holds,
    ),
    ...changing.map(inRegistry),
  ])
}

/** A run that was cut off left it at none: its controller may not have seen that yet. */
const stoppedByUs = ({ replicas, noted, deployment }: Target): boolean => replicas === 0 && noted !== undefined && !deployment.spec.paused

const inRegistry = ({ to, registry }: Target): Finding => {
  if (!registry.answered) return fails(`whether ${to} is in its registry is not known: ${reasonOf(registry.error)}`)
  if (registry.value === undefined) return fails(`${to} is not in its registry`, sh`docker buildx imagetools inspect ${to}`)
  const { platforms } = registry.value
  return platforms === undefined || platforms.includes(machinePlatform)
    ? holds
    : fails(`${to} is for ${platforms.join(', ')} alone; the nodes are ${machinePlatform}`, sh`docker buildx imagetools inspect ${to}`)
}

/** A tag that was pushed again: pods that run it have other content than the registry has. */
export const reusedTag = ({ name, to, digest, release }: Target, { tag }: { readonly tag: string }): Finding => {
  // By its digest it is pulled whatever the tag has been.
  if (digest === undefined || to.includes('@')) return holds
  const tagged = release.pods.filter(({ pod }) => pod.spec.containers.some(({ image }) => image === to))
  const [other] = [...digestsOf({ pods: tagged }).keys()].filter((has) => has !== digest)
  return other === undefined
    ? holds
    : fails(
        `${to} was pushed again: pods of ${name} run ${shortDigest(other)} under this tag, the registry has ${shortDigest(digest)}, and a node keeps what it has; --by-digest names the new one`,
        sh`honeydue deploy:image --tag ${tag} --only ${name} --by-digest --dry-run   # by its content`,
      )
}
