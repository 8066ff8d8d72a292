import { type Kind, resources } from './kinds.ts'
import type { KubeReader } from './types.ts'

/**
 * Who changed an object last but us, by the API server's own record: "kubectl-edit changed ConfigMap honeydue/honeydue-config at 02:11:32 UTC".
 * `target` is as a plan names it. Undefined where it is no such object, or nobody else wrote it.
 */
export const changedBy = async (read: Pick<KubeReader, 'get'>, target: string): Promise<string | undefined> => {
  const [, kind = '', namespace, name = ''] = /^(\w+) (?:([^/]+)\/)?([^/]+)$/.exec(target) ?? []
  if (!(kind in resources) || kind === 'Secret') return undefined
  const found = await read.get(kind as Kind, name, namespace)
  const [last] = (found?.metadata.managedFields ?? [])
    .filter(({ manager, subresource }) => manager !== 'honeydue' && subresource === undefined)
    .sort((one, other) => (other.time ?? '').localeCompare(one.time ?? ''))
  if (!last?.manager || !last.time) return undefined
  return `${last.manager} changed ${target} at ${last.time.slice(11, 19)} UTC`
}
