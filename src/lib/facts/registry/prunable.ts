import type { Readers } from '../../systems/systems.ts'
import { digestIn } from '../deploy/release.ts'
import { gatherWanted, imagesIn, repositoryOf } from './wanted-images.ts'

/** Why a tag stays; undefined of one that may go. */
export type Kept = 'live' | 'a rollback' | 'one of the last' | 'the content of a live one' | 'no commit of that name'

export interface TagFacts {
  readonly tag: string
  /** "host/name:tag". */
  readonly image: string
  readonly kept: Kept | undefined
  /** When its commit was made, ISO; undefined where git knows none of that name. */
  readonly at: string | undefined
}

/** One repository, the newest tags first, those of no commit last. */
export interface PrunedRepository {
  /** "host/name". */
  readonly name: string
  readonly tags: readonly TagFacts[]
  /** Images that pods run or a rollback would go to, and that it has no more. */
  readonly missing: readonly { readonly image: string; readonly why: 'live' | 'a rollback' }[]
}

/** More digests than this are not asked for at once. */
const atOnce = 8

type Look = Readers<'kube' | 'registry' | 'checkout'>

/** Every tag of the repositories that the deployment pulls from, and which of them are needed. Throws what reading them throws: what is not known is not deleted. */
export const prunable = async (look: Look, namespace: string, last: number): Promise<readonly PrunedRepository[]> => {
  const { hosts, pods, live, earlier } = await gatherWanted(look.kube, namespace)
  const needed = new Map<string, 'live' | 'a rollback'>([
    ...earlier.map(({ image }) => [plainOf(image), 'a rollback'] as const),
    // Pods of Jobs, and those of a rollout that goes on, run what no template names any more.
    ...pods.flatMap(({ spec }) => imagesIn(spec, hosts).map((image) => [plainOf(image), 'live'] as const)),
    ...live.map(({ image }) => [plainOf(image), 'live'] as const),
  ])
  const digests = new Set([
    ...live.flatMap(({ running }) => running),
    ...[...needed.keys(), ...live.map(({ image }) => image)].flatMap((image) => digestIn(image) ?? []),
  ])
  const names = [...new Set(live.map(({ image }) => repositoryOf(image)))].sort()
  return Promise.all(
    names.map(async (name) => {
      const tags = await tagsOf(look, { name, last, needed, digests })
      const there = new Set(tags.map(({ image }) => image))
      const running = live.flatMap((one) => (repositoryOf(one.image) === name ? one.running.map((digest) => `${name}@${digest}`) : []))
      const gone = await Promise.all(
        [...new Set(running)].map(async (image) => ((await look.registry.digest(image)) === undefined ? [image] : [])),
      )
      return {
        name,
        tags,
        missing: [
          ...[...needed]
            .filter(([image]) => repositoryOf(image) === name && !image.includes('@') && !there.has(image))
            .map(([image, why]) => ({ image, why })),
          ...gone.flat().map((image) => ({ image, why: 'live' as const })),
        ],
      }
    }),
  )
}

/** Without the digest, where it has a tag as well. */
const plainOf = (image: string): string => (/:[\w.-]+@/.test(image) ? image.replace(/@.*$/, '') : image)

interface Wanted {
  readonly name: string
  readonly last: number
  readonly needed: ReadonlyMap<string, 'live' | 'a rollback'>
  /** That pods run, or that a template names: whatever tag has one is needed. */
  readonly digests: ReadonlySet<string>
}

const tagsOf = async ({ registry, checkout }: Look, { name, last, needed, digests }: Wanted): Promise<readonly TagFacts[]> => {
  const tags = (await registry.tags(name)) ?? []
  const dated = await Promise.all(tags.map(async (tag) => ({ tag, at: (await checkout.commit(tag))?.at })))
  const known = dated
    .filter((one): one is { tag: string; at: string } => one.at !== undefined)
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at) || (one.tag < other.tag ? -1 : 1))
  const found = known.map(({ tag, at }, i): TagFacts => {
    const image = `${name}:${tag}`
    return { tag, image, at, kept: needed.get(image) ?? (i < last ? 'one of the last' : undefined) }
  })
  const content = new Set<string>()
  const open = found.filter(({ kept }) => kept === undefined)
  for (let from = 0; digests.size > 0 && from < open.length; from += atOnce)
    await Promise.all(
      open.slice(from, from + atOnce).map(async ({ image, tag }) => {
        if (digests.has((await registry.digest(image)) ?? '')) content.add(tag)
      }),
    )
  return [
    ...found.map((one) => (content.has(one.tag) ? { ...one, kept: 'the content of a live one' as const } : one)),
    ...dated
      .filter(({ at }) => at === undefined)
      .map(({ tag }): TagFacts => {
        const image = `${name}:${tag}`
        return { tag, image, at: undefined, kept: needed.get(image) ?? 'no commit of that name' }
      }),
  ]
}
