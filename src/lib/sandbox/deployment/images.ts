import { migrations } from '../postgres/schema.ts'
import { tags } from './facts.ts'
import { git } from './repository.ts'

interface MigrationFile {
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
    const names = await git(checkout, ['ls-tree', '--name-only', tag, 'migrations/']).catch(() => undefined)
    // Without git on this machine there is the image that the sandbox starts with.
    if (names === undefined) return tag === tags.goose ? migrations : undefined
    const files = names.split('\n').filter((name) => name.endsWith('.sql'))
    return Promise.all(
      files.map(async (file) => ({ name: file.slice('migrations/'.length), sql: await git(checkout, ['show', `${tag}:${file}`]) })),
    )
  },
  tags: async () => {
    const names = await git(checkout, ['tag']).catch(() => undefined)
    return names === undefined ? [tags.goose] : names.split('\n').filter(Boolean)
  },
})

const tagOf = (image: string): string | undefined => /:([\w.-]+)$/.exec(image)?.[1]
