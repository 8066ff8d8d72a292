import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { migrations } from '../../postgres-server/schema.ts'
import { tags } from './facts.ts'
import { git } from './repository.ts'

export interface MigrationFile {
  readonly name: string
  readonly sql: string
}

/** What honeyDue's images contain: the tree of the commit that their tag names, as `03-deploy.sh` builds them. */
export interface Images {
  /** By name; undefined where no such image was ever built. */
  migrations(image: string): Promise<readonly MigrationFile[] | undefined>
  /** Every tag that was built. */
  tags(): Promise<readonly string[]>
}

/** Read from the checkout's git whenever it is asked: a commit made there is an image that can run. */
export const imagesOf = (checkout: string): Images => ({
  migrations: async (image) => {
    const tag = tagOf(image)
    if (tag === undefined) return undefined
    const names = await git(checkout, ['ls-tree', tag, 'migrations/']).catch(() => undefined)
    // Without git on this machine there is the image that the sandbox starts with.
    if (names === undefined) return tag === tags.goose ? migrations : undefined
    const files = names.split('\n').filter((line) => /\.(sql|go)$/.test(line))
    return Promise.all(
      files.map(async (line) => {
        const [, , object = '', path = ''] = line.split(/\s+/)
        return { name: path.slice('migrations/'.length), sql: await contentOf(checkout, object) }
      }),
    )
  },
  tags: async () => (await tagsOf(checkout)) ?? [tags.goose],
})

/**
 * The names of a checkout's tags, from the two places where git keeps them; undefined where it is no repository. Every start of a pod asks, and a
 * git for each was a fifth of what a rollout cost.
 */
const tagsOf = async (checkout: string): Promise<readonly string[] | undefined> => {
  const own = join(checkout, '.git')
  const [loose, packed] = await Promise.all([
    readdir(join(own, 'refs/tags')).catch(() => undefined),
    readFile(join(own, 'packed-refs'), 'utf8').catch(() => ''),
  ])
  return loose && [...new Set([...loose, ...[...packed.matchAll(/^\w+ refs\/tags\/(.+)$/gm)].map(([, name = '']) => name)])]
}

const contents = new Map<string, string>()

/** What git keeps under an object's name is always the same: asked for once in a process. */
const contentOf = async (checkout: string, object: string): Promise<string> => {
  const content = contents.get(object) ?? (await git(checkout, ['cat-file', 'blob', object]))
  contents.set(object, content)
  return content
}

const tagOf = (image: string): string | undefined => /:([\w.-]+)$/.exec(image)?.[1]
