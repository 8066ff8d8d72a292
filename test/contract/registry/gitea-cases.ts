import { Trouble } from '../../../src/lib/errors.ts'
import { registryHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { httpsTo } from '../../../src/lib/systems/https.ts'
import { registrySystem } from '../../../src/lib/systems/registry/registry.ts'
import type { ContractCase } from '../contract.ts'
import type { GiteaWorld } from './gitea-world.ts'
import { repository } from './world.ts'

const image = (version: string): string => `${registryHost}/${repository}${version.startsWith('sha256:') ? '@' : ':'}${version}`

const registry = (world: GiteaWorld, as: string | undefined = world.user) =>
  registrySystem({ ...world, timeout: 5000, credentials: async () => (as === undefined ? undefined : new Secret(as)) })

const orCode = <T>(asked: Promise<T>): Promise<T | string> =>
  asked.catch((error: unknown) => (error instanceof Trouble ? error.code : String(error)))

/** The answer to one request, by user and token themselves or by nothing. */
const status = async (world: GiteaWorld, path: string, as?: string) => {
  const headers = as === undefined ? {} : { authorization: `Basic ${Buffer.from(as).toString('base64')}` }
  const response = await httpsTo(world)(new URL(`https://${registryHost}${path}`), { headers, signal: AbortSignal.timeout(5000) })
  response.resume()
  return { status: response.statusCode, asks: String(response.headers['www-authenticate'] ?? '') }
}

const both = ['linux/amd64', 'linux/arm64']

/** What Gitea's registry does otherwise than others, and honeydue relies on. */
export const giteaCases: readonly ContractCase<GiteaWorld>[] = [
  {
    name: 'an index of two platforms and a plain image: digest and platforms, by the tag and by the digest',
    expected: { index: [both, both], plain: [['linux/arm64'], ['linux/arm64']], same: [true, true] },
    give: async (world) => {
      await world.push('an-index', { platforms: both, plain: false })
      await world.push('plain', { platforms: ['linux/arm64'], plain: true })
      const { read } = registry(world)
      const [index, plain] = [await read.image(image('an-index')), await read.image(image('plain'))]
      const [again, plainAgain] = [await read.image(image(index?.digest ?? '')), await read.image(image(plain?.digest ?? ''))]
      return {
        index: [index?.platforms, again?.platforms],
        plain: [plain?.platforms, plainAgain?.platforms],
        same: [index?.digest === again?.digest, plain?.digest === plainAgain?.digest],
      }
    },
  },
  {
    name: 'a tag that is pushed again: its old digest is there no more, as an index and as one manifest',
    expected: { index: ['another', 'gone'], plain: ['another', 'gone'] },
    give: async (world) => {
      const { read } = registry(world)
      const pushedTwice = async (tag: string, plain: boolean) => {
        await world.push(tag, { platforms: ['linux/amd64'], plain })
        const old = (await read.digest(image(tag))) ?? ''
        await world.push(tag, { platforms: ['linux/amd64'], plain })
        const now = await read.digest(image(tag))
        return [now === undefined || now === old ? 'the same' : 'another', (await read.digest(image(old))) === undefined ? 'gone' : 'there']
      }
      return { index: await pushedTwice('a', false), plain: await pushedTwice('b', true) }
    },
  },
  {
    name: 'tags in pages that never say which is the last one; none of a repository that is not there',
    expected: [['a', 'b', 'c'], undefined],
    give: async (world) => {
      for (const tag of ['b', 'c', 'a']) await world.push(tag, { platforms: ['linux/amd64'], plain: true })
      const { read } = registry(world)
      return [await read.tags(image('a')), await read.tags(`${registryHost}/admin/nothing:a`)]
    },
  },
  {
    name: 'a tag is deleted by its name: it alone is gone, and a second deletion finds none',
    expected: { tags: ['b'], gone: undefined, again: undefined },
    give: async (world) => {
      for (const tag of ['a', 'b']) await world.push(tag, { platforms: ['linux/amd64'], plain: false })
      const { read, write } = registry(world)
      await write.deleteTag({ image: image('a') })
      return {
        tags: await read.tags(image('b')),
        gone: await read.digest(image('a')),
        again: await orCode(write.deleteTag({ image: image('a') })),
      }
    },
  },
  {
    name: 'a token that may read alone: it reads, and deletes nothing',
    expected: { reads: true, deletes: 'registry-may-not-delete', tags: ['a'] },
    give: async (world) => {
      await world.push('a', { platforms: ['linux/amd64'], plain: false })
      const { read, write } = registry(world, await world.readOnly())
      return {
        reads: (await read.digest(image('a'))) !== undefined,
        deletes: await orCode(write.deleteTag({ image: image('a') })),
        tags: await read.tags(image('a')),
      }
    },
  },
  {
    name: 'a wrong token, and nobody: told nothing',
    expected: ['registry-forbidden', 'registry-forbidden'],
    give: async (world) => {
      await world.push('a', { platforms: ['linux/amd64'], plain: false })
      const nobody = registrySystem({ ...world, timeout: 5000, credentials: async () => undefined })
      return [await orCode(registry(world, `${world.user}-revoked`).read.digest(image('a'))), await orCode(nobody.read.digest(image('a')))]
    },
  },
  {
    name: 'it asks for a token of its own for everything; of a repository it takes user and token themselves, and of /v2/ it does not',
    expected: {
      bare: 401,
      asks: `Bearer realm="https://${registryHost}/v2/token",service="container_registry",scope="*"`,
      itself: 200,
      root: 401,
    },
    give: async (world) => {
      await world.push('a', { platforms: ['linux/amd64'], plain: false })
      const bare = await status(world, '/v2/')
      const itself = await status(world, `/v2/${repository}/manifests/a`, world.user)
      return { bare: bare.status, asks: bare.asks, itself: itself.status, root: (await status(world, '/v2/', world.user)).status }
    },
  },
]
