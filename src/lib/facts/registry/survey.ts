import type { Environment } from '../../environment/schema.ts'
import type { RegistryImage } from '../../systems/registry/types.ts'
import type { Readers } from '../../systems/systems.ts'
import { type Answer, answer } from '../answer.ts'
import { askPullWays, type PullWay } from './pull-secrets.ts'
import { gatherWanted, repositoryOf, type WantedImage } from './wanted-images.ts'

/** An image that is wanted, and what its registry has of it. */
export interface KeptImage extends WantedImage {
  readonly kept: Answer<RegistryImage | undefined>
  /** Digests that pods run, that the tag has no more, and that the registry does not have by themselves either. */
  readonly forgotten: readonly string[]
}

/** Every tag of one repository. */
export interface Repository {
  /** "gitea.treytartt.com/admin/honeydue-api". */
  readonly name: string
  readonly tags: Answer<readonly string[] | undefined>
}

export interface RegistrySurvey {
  readonly hosts: readonly string[]
  readonly ways: readonly PullWay[]
  readonly images: readonly KeptImage[]
  readonly repositories: readonly Repository[]
}

/** Asks the cluster what is pulled, and each registry for it. Throws what reading the workloads throws: without them nobody knows which registry is meant. */
export const surveyRegistry = async (
  look: Readers<'kube' | 'registry'>,
  environment: Pick<Environment, 'namespace' | 'nodes'>,
): Promise<RegistrySurvey> => {
  const { registry } = look
  const { makers, hosts, live, earlier } = await gatherWanted(look.kube, environment.namespace)
  const wanted = [...live, ...earlier]
  const names = [...new Set(wanted.map(({ image }) => repositoryOf(image)))]
  const kept = new Map<string, Promise<Answer<RegistryImage | undefined>>>()
  const keptOf = (image: string) => {
    const asked = kept.get(image) ?? answer(registry.image(image))
    kept.set(image, asked)
    return asked
  }
  const [ways, images, repositories] = await Promise.all([
    askPullWays(look, environment, makers, hosts),
    Promise.all(
      wanted.map(async (one): Promise<KeptImage> => {
        const found = await keptOf(one.image)
        const others = found.answered ? one.running.filter((digest) => digest !== found.value?.digest) : []
        const gone = await Promise.all(others.map((digest) => answer(registry.digest(`${repositoryOf(one.image)}@${digest}`))))
        return { ...one, kept: found, forgotten: others.filter((_, i) => gone[i]?.answered && gone[i].value === undefined) }
      }),
    ),
    Promise.all(names.map(async (name): Promise<Repository> => ({ name, tags: await answer(registry.tags(name)) }))),
  ])
  return { hosts: [...hosts], ways, images, repositories }
}
