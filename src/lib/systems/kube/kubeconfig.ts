import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { KubeConfig } from '@kubernetes/client-node'
import { Unreachable } from '../../plan/errors.ts'

export interface Loaded {
  readonly path: string
  readonly config: KubeConfig
}

/** The first of these files that exists, parsed. Throws Unreachable naming every path that was tried. */
export const loadKubeconfig = async (paths: readonly string[]): Promise<Loaded> => {
  const tried: string[] = []
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      tried.push(`${path}: ${error.code === 'ENOENT' ? 'does not exist' : error.code === 'EACCES' ? 'may not be read' : error.message}`)
      return undefined
    })
    if (text === undefined) continue
    return { path, config: await parse(path, text) }
  }
  throw new Unreachable({
    code: 'kube-no-kubeconfig',
    failed: 'No kubeconfig can be read',
    cause: 'None of the configured files is there',
    details: tried,
    next: 'honeydue doctor',
  })
}

const parse = async (path: string, text: string): Promise<KubeConfig> => {
  const { KubeConfig } = await import('./client-node.ts')
  const config = new KubeConfig()
  try {
    config.loadFromString(text)
  } catch (error) {
    throw malformed(path, error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error), error)
  }
  if (!config.getCurrentCluster()?.server) throw malformed(path, 'its current context names no cluster with a server')
  return config
}

/** Why a server may not accept this file: one sentence with the certificate's end, where it has one. */
export const credentialsOf = ({ path, config }: Loaded): string => {
  const data = config.getCurrentUser()?.certData
  if (!data) return `the token or certificate of ${path} is not accepted, or has expired`
  const { validTo } = new X509Certificate(Buffer.from(data, 'base64'))
  return `the client certificate of ${path} is not accepted; it is valid until ${validTo}`
}

const malformed = (path: string, cause: string, error?: unknown): Unreachable =>
  new Unreachable({ code: 'kube-kubeconfig', failed: `${path} is no usable kubeconfig`, cause, next: 'honeydue doctor' }, { cause: error })
