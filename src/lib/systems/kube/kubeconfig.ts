import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { RequestOptions } from 'node:https'
import { dirname, resolve } from 'node:path'
import type { KubeConfig } from '@kubernetes/client-node'
import { parse as yaml } from 'yaml'
import * as z from 'zod/mini'
import { Unreachable } from '../../errors.ts'

/** A kubeconfig's current context, ready to authenticate requests. */
export interface Loaded {
  readonly path: string
  readonly context: string
  readonly server: string
  /** Adds the authority, and the certificate or token, to a request. */
  authenticate(wanted: RequestOptions): Promise<void>
  /** The client certificate in PEM, where it has one. */
  readonly certificate?: string
  /** The same file as the library holds it: for WebSockets, and for credentials that another program gives. */
  library(): Promise<KubeConfig>
}

/** The first of these files that exists, parsed. Throws Unreachable naming every path that was tried. */
export const loadKubeconfig = async (paths: readonly string[]): Promise<Loaded> => {
  const tried: string[] = []
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      tried.push(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.code === 'EACCES' ? 'may not be read' : error.message}`)
      return undefined
    })
    if (text !== undefined) return parse(path, text)
  }
  throw new Unreachable({
    code: 'kube-no-kubeconfig',
    failed: 'No kubeconfig can be read',
    cause: 'None of the configured files is there',
    details: tried,
    next: 'honeydue doctor',
  })
}

const named = <T extends z.ZodMiniType>(key: string, value: T) => z.array(z.looseObject({ name: z.string(), [key]: value }))

const schema = z.looseObject({
  'current-context': z.string().check(z.minLength(1)),
  contexts: named('context', z.looseObject({ cluster: z.string(), user: z.optional(z.string()) })),
  clusters: named(
    'cluster',
    z.looseObject({
      server: z.url(),
      'certificate-authority': z.optional(z.string()),
      'certificate-authority-data': z.optional(z.string()),
      'tls-server-name': z.optional(z.string()),
      'insecure-skip-tls-verify': z.optional(z.boolean()),
    }),
  ),
  users: z.nullish(named('user', z.looseObject({}))),
})

/** What can be sent without the library; anything else (exec, auth-provider, proxies, token files, passwords) is its business. */
const plainCluster = new Set([
  'server',
  'certificate-authority',
  'certificate-authority-data',
  'tls-server-name',
  'insecure-skip-tls-verify',
])
const plainUser = new Set(['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'token'])

type Fields = Readonly<Record<string, unknown>>
const entryOf = (list: readonly Fields[], key: string, name: unknown): Fields | undefined =>
  list.find((one) => one.name === name)?.[key] as Fields | undefined

const parse = async (path: string, text: string): Promise<Loaded> => {
  let found: unknown
  try {
    found = yaml(text)
  } catch (error) {
    throw malformed(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), error)
  }
  const parsed = schema.safeParse(found)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw malformed(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  const { 'current-context': current, contexts, clusters, users } = parsed.data
  const context = entryOf(contexts, 'context', current)
  const cluster = entryOf(clusters, 'cluster', context?.cluster)
  if (!cluster) throw malformed(path, 'its current context names no cluster with a server')
  const user = entryOf(users ?? [], 'user', context?.user) ?? {}
  const library = once(async () => {
    const { KubeConfig } = await import('./client-node.ts')
    const config = new KubeConfig()
    config.loadFromString(text)
    return config
  })
  const pem = (of: Fields, key: string) => pemOf(dirname(path), of, key)
  const certificate = await pem(user, 'client-certificate')
  const plain = Object.keys(cluster).every((key) => plainCluster.has(key)) && Object.keys(user).every((key) => plainUser.has(key))
  const tls = once(async (): Promise<RequestOptions> => {
    const [ca, key] = await Promise.all([pem(cluster, 'certificate-authority'), pem(user, 'client-key')])
    return {
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { cert: certificate }),
      ...(key !== undefined && { key }),
      ...(cluster['insecure-skip-tls-verify'] === true && { rejectUnauthorized: false }),
      ...(cluster['tls-server-name'] !== undefined && { servername: String(cluster['tls-server-name']) }),
    }
  })
  return {
    path,
    context: current,
    server: String(cluster.server),
    ...(certificate !== undefined && { certificate }),
    authenticate: async (wanted) => {
      if (!plain) return (await library()).applyToHTTPSOptions(wanted)
      Object.assign(wanted, await tls())
      if (user.token !== undefined) wanted.headers = { ...wanted.headers, authorization: `Bearer ${user.token}` } as typeof wanted.headers
    },
    library,
  }
}

const once = <T>(make: () => Promise<T>): (() => Promise<T>) => {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** The text of `KEY-data` (base64), or of the file that `KEY` names, beside the kubeconfig. */
const pemOf = async (folder: string, of: Fields, key: string): Promise<string | undefined> => {
  const data = of[`${key}-data`]
  if (typeof data === 'string') return Buffer.from(data, 'base64').toString()
  const file = of[key]
  if (typeof file !== 'string') return undefined
  return readFile(resolve(folder, file), 'utf8').catch((error: unknown) => {
    throw malformed(folder, `its ${key} ${file} cannot be read`, error)
  })
}

/** Why a server may not accept this file: one sentence with the certificate's end, where it has one. */
export const credentialsOf = ({ path, certificate }: Loaded): string => {
  if (!certificate) return `the token or certificate of ${path} is not accepted, or has expired`
  const { validTo } = new X509Certificate(certificate)
  return `the client certificate of ${path} is not accepted; it is valid until ${validTo}`
}

const malformed = (path: string, cause: string, error?: unknown): Unreachable =>
  new Unreachable({ code: 'kube-kubeconfig', failed: `${path} is no usable kubeconfig`, cause, next: 'honeydue doctor' }, { cause: error })
