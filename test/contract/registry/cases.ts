import { createHash } from 'node:crypto'
import { Trouble } from '../../../src/lib/errors.ts'
import { registryHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { Secret } from '../../../src/lib/secret.ts'
import { httpsTo } from '../../../src/lib/systems/https.ts'
import { registrySystem } from '../../../src/lib/systems/registry/registry.ts'
import type { ContractCase } from '../contract.ts'
import { credentials, type RegistryWorld, repository, tag } from './world.ts'

type Case = ContractCase<RegistryWorld>

const image = (name: string, version: string): string => `${registryHost}/${name}${version.startsWith('sha256:') ? '@' : ':'}${version}`
const sha256 = (body: Buffer): string => `sha256:${createHash('sha256').update(body).digest('hex')}`
const basic = (words: string): string => `Basic ${Buffer.from(words).toString('base64')}`

/** The digest that honeydue reads, "none" where it is told that there is no such image, or the code of the refusal. */
const digest = (world: Pick<RegistryWorld, 'hostaddr' | 'caFile'>, of: string, as: string | undefined = credentials): Promise<string> => {
  const { read } = registrySystem({ ...world, timeout: 1500, credentials: async () => (as === undefined ? undefined : new Secret(as)) })
  return read.digest(of).then(
    (found) => found ?? 'none',
    (error: unknown) => (error instanceof Trouble ? error.code : String(error)),
  )
}

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'

/** One request as any client sends it; `authorized`: with what the registry's challenge asks for. */
const asked = async (world: RegistryWorld, path: string, method = 'GET', authorized = true): Promise<Answer> => {
  const send = httpsTo(world)
  const ask = async (url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> => {
    const response = await send(url, { method, headers: { accept, ...headers }, signal: AbortSignal.timeout(5000) })
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }
  }
  const url = new URL(`https://${registryHost}${path}`)
  const first = await ask(url, {})
  if (first.status !== 401 || !authorized) return first
  const challenge = String(first.headers['www-authenticate'])
  if (!challenge.startsWith('Bearer ')) return ask(url, { authorization: basic(credentials) })
  const said = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? ''
  const service = new URL(said('realm'))
  service.searchParams.set('service', said('service'))
  service.searchParams.set('scope', said('scope'))
  const response = await send(service, { headers: { authorization: basic(credentials) }, signal: AbortSignal.timeout(5000) })
  let text = ''
  for await (const chunk of response) text += chunk
  return ask(url, { authorization: `Bearer ${(JSON.parse(text) as { readonly token: string }).token}` })
}

const codesOf = ({ status, body }: Answer) => {
  const { errors } = JSON.parse(body.toString() || '{}') as { readonly errors?: readonly { readonly code: string }[] }
  return { status, codes: errors?.map(({ code }) => code) }
}
const manifests = `/v2/${repository}/manifests`

const digestCases: readonly Case[] = [
  {
    name: 'a tag that is there: the digest of what it names',
    expected: true,
    give: async (world) => (await digest(world, image(repository, tag))) === sha256((await asked(world, `${manifests}/${tag}`)).body),
  },
  {
    name: 'the same by its digest',
    expected: true,
    give: async (world) => {
      const found = await digest(world, image(repository, tag))
      return found.startsWith('sha256:') && (await digest(world, image(repository, found))) === found
    },
  },
  { name: 'a tag that is not there', expected: 'none', give: (world) => digest(world, image(repository, 'fffffff')) },
  {
    name: 'a digest that is not there',
    expected: 'none',
    give: (world) => digest(world, image(repository, sha256(Buffer.from('nothing')))),
  },
  { name: 'a repository that is not there', expected: 'none', give: (world) => digest(world, image('admin/other', tag)) },
  {
    name: 'a wrong password',
    expected: 'registry-forbidden',
    give: (world) => digest(world, image(repository, tag), `${credentials}-revoked`),
  },
  {
    name: 'a user that is not there',
    expected: 'registry-forbidden',
    give: (world) => digest(world, image(repository, tag), 'nobody:nothing'),
  },
  {
    name: 'no credentials',
    expected: 'registry-forbidden',
    give: (world) => {
      const { read } = registrySystem({ ...world, timeout: 1500, credentials: async () => undefined })
      return read.digest(image(repository, tag)).then(String, (error: unknown) => (error instanceof Trouble ? error.code : String(error)))
    },
  },
  {
    name: 'nothing listens',
    expected: 'registry-unreachable',
    give: ({ caFile }) => digest({ caFile, hostaddr: { [registryHost]: '127.0.0.1:1' } }, image(repository, tag)),
  },
  {
    name: 'it accepts the connection and does not answer',
    expected: 'registry-silent',
    give: async (world) => {
      await world.silent()
      return digest(world, image(repository, tag))
    },
  },
  {
    name: 'a certificate that no known authority signed',
    expected: 'registry-tls',
    give: async ({ hostaddr }) => {
      const { read } = registrySystem({ hostaddr, credentials: async () => new Secret(credentials) })
      return read.digest(image(repository, tag)).then(String, (error: unknown) => (error instanceof Trouble ? error.code : String(error)))
    },
  },
]

const answerCases: readonly Case[] = [
  {
    name: 'nobody learns anything without credentials: 401, and what is asked for',
    expected: Array(3).fill({ status: 401, codes: ['UNAUTHORIZED'], version: 'registry/2.0', asks: true }),
    give: (world) =>
      Promise.all(
        ['/v2/', `${manifests}/${tag}`, '/v2/admin/other/tags/list'].map(async (path) => {
          const answer = await asked(world, path, 'GET', false)
          const { 'docker-distribution-api-version': version, 'www-authenticate': challenge } = answer.headers
          return { ...codesOf(answer), version, asks: typeof challenge === 'string' }
        }),
      ),
  },
  {
    name: 'a manifest: its kind, length and digest, the same by HEAD and GET',
    expected: [true, true],
    give: async (world) => {
      const path = `${manifests}/${tag}`
      const [head, get] = [await asked(world, path, 'HEAD'), await asked(world, path)]
      const length = String(get.body.length)
      const stated = {
        'content-type': 'application/vnd.oci.image.index.v1+json',
        'content-length': length,
        'docker-content-digest': sha256(get.body),
        etag: `"${sha256(get.body)}"`,
        'docker-distribution-api-version': 'registry/2.0',
      }
      return [head, get].map(
        ({ status, headers }) => status === 200 && Object.entries(stated).every(([name, value]) => headers[name] === value),
      )
    },
  },
  {
    name: 'what is not there: the registry says so, by HEAD without a word',
    expected: {
      tag: { status: 404, codes: ['MANIFEST_UNKNOWN'] },
      repository: { status: 404, codes: ['MANIFEST_UNKNOWN'] },
      head: { status: 404, length: 0 },
    },
    give: async (world) => {
      const head = await asked(world, `${manifests}/fffffff`, 'HEAD')
      return {
        tag: codesOf(await asked(world, `${manifests}/fffffff`)),
        repository: codesOf(await asked(world, `/v2/admin/other/manifests/${tag}`)),
        head: { status: head.status, length: head.body.length },
      }
    },
  },
  {
    name: 'tags: of a repository that is there, and of one that is not',
    expected: [
      { name: repository, tags: [tag] },
      { status: 404, codes: ['NAME_UNKNOWN'] },
    ],
    give: async (world) => [
      JSON.parse((await asked(world, `/v2/${repository}/tags/list`)).body.toString()),
      codesOf(await asked(world, '/v2/admin/other/tags/list')),
    ],
  },
]

/** What honeydue asks of any registry, and what it relies on in the answers. */
export const registryCases: readonly Case[] = [...digestCases, ...answerCases]
