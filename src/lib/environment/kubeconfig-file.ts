import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parseAllDocuments } from 'yaml'
import * as z from 'zod/mini'
import { Unreachable } from '../errors.ts'

export type Fields = Readonly<Record<string, unknown>>

/** What one file says, its relative paths made absolute as kubectl makes them: from the file's own folder. */
export interface KubeconfigFile {
  readonly path: string
  readonly current: string | undefined
  readonly contexts: ReadonlyMap<string, Fields>
  readonly clusters: ReadonlyMap<string, Fields>
  readonly users: ReadonlyMap<string, Fields>
}

/** For a file that is there and is no kubeconfig, or that does not lead to a cluster. */
export const malformed = (path: string, cause: string, error?: unknown): Unreachable =>
  new Unreachable({ code: 'kube-kubeconfig', failed: `${path} is no usable kubeconfig`, cause, next: 'honeydue doctor' }, { cause: error })

const text = z.nullish(z.string())
const named = <T extends z.ZodMiniType>(key: string, value: T) =>
  z.nullish(z.array(z.looseObject({ name: z.string(), [key]: z.nullish(value) })))

const schema = z.looseObject({
  apiVersion: z.nullish(z.enum(['v1', ''])),
  kind: z.nullish(z.enum(['Config', ''])),
  'current-context': text,
  contexts: named('context', z.looseObject({ cluster: text, user: text, namespace: text })),
  clusters: named(
    'cluster',
    z.looseObject({
      server: text,
      'certificate-authority': text,
      'certificate-authority-data': text,
      'tls-server-name': text,
      'proxy-url': text,
      'insecure-skip-tls-verify': z.nullish(z.boolean()),
    }),
  ),
  users: named(
    'user',
    z.looseObject({
      'client-certificate': text,
      'client-certificate-data': text,
      'client-key': text,
      'client-key-data': text,
      token: text,
      tokenFile: text,
      username: text,
      password: text,
      as: text,
      'as-uid': text,
      'as-groups': z.nullish(z.array(z.string())),
      'as-user-extra': z.nullish(z.record(z.string(), z.array(z.string()))),
      exec: z.nullish(
        z.looseObject({
          command: z.string(),
          args: z.nullish(z.array(z.string())),
          env: z.nullish(z.array(z.looseObject({ name: z.string(), value: z.string() }))),
          apiVersion: text,
          installHint: text,
          interactiveMode: text,
          provideClusterInfo: z.nullish(z.boolean()),
        }),
      ),
    }),
  ),
})

const unread: Readonly<Record<string, string>> = { EACCES: 'it may not be read', EISDIR: 'it is a folder' }

/** Undefined where the file is not there: kubectl skips it. Throws Unreachable where it is there and cannot be used. */
export const readKubeconfigFile = async (path: string): Promise<KubeconfigFile | undefined> => {
  const content = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw malformed(path, unread[error.code ?? ''] ?? error.message, error)
  })
  if (content === undefined) return undefined
  const parsed = schema.safeParse(parse(path, content) ?? {})
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw malformed(path, `${issue?.path.join('.') || 'the file'}: ${issue?.message}`)
  }
  const { contexts, clusters, users } = parsed.data
  const from = dirname(path)
  return {
    path,
    current: parsed.data['current-context'] || undefined,
    contexts: byName(path, 'context', contexts, (one) => one),
    clusters: byName(path, 'cluster', clusters, (one) => absolute(from, one, ['certificate-authority'])),
    users: byName(path, 'user', users, (one) => withCommand(from, absolute(from, one, ['client-certificate', 'client-key', 'tokenFile']))),
  }
}

const parse = (path: string, content: string): unknown => {
  try {
    // As kubectl reads it: the first document alone, of a key that stands twice the last, merges carried out.
    const [first] = parseAllDocuments(content, { merge: true, uniqueKeys: false })
    if (first === undefined || !('errors' in first)) return undefined
    for (const error of first.errors) throw error
    return first.toJS()
  } catch (error) {
    throw malformed(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), error)
  }
}

const byName = (
  path: string,
  key: string,
  list: readonly Fields[] | null | undefined,
  finish: (one: Fields) => Fields,
): ReadonlyMap<string, Fields> => {
  const found = new Map<string, Fields>()
  for (const entry of list ?? []) {
    const name = String(entry.name)
    if (found.has(name)) throw malformed(path, `it has two entries of ${key}s with the name ${name}`)
    found.set(name, finish((entry[key] ?? {}) as Fields))
  }
  return found
}

const absolute = (from: string, one: Fields, keys: readonly string[]): Fields => {
  const paths = keys.flatMap((key) => (typeof one[key] === 'string' && one[key] !== '' ? [[key, resolve(from, one[key])]] : []))
  return { ...one, ...Object.fromEntries(paths) }
}

/** A command with a slash is a path, and looked for from the file's folder; one without is looked for in PATH. */
const withCommand = (from: string, one: Fields): Fields => {
  const exec = one.exec as { readonly command: string } | null | undefined
  return exec?.command.includes('/') ? { ...one, exec: { ...exec, command: resolve(from, exec.command) } } : one
}
