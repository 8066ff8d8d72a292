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

const malformed = (path: string, cause: string, error?: unknown): Unreachable =>
  new Unreachable({ code: 'kube-kubeconfig', failed: `${path} is no usable kubeconfig`, cause, next: 'honeydue doctor' }, { cause: error })
