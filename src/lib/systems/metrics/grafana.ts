import type { Secret } from '../../secret.ts'
import { parsed } from '../answer-body.ts'
import { type AskerOptions, asker } from '../json-asker.ts'
import type { Grafana } from './types.ts'

export interface GrafanaOptions extends Omit<AskerOptions, 'code' | 'called'> {
  readonly url: string
  /** Asked for where one is configured. */
  readonly token: (() => Promise<Secret>) | undefined
}

type Source = NonNullable<Grafana['sources']>[number]

/** No deployment has as many. */
const mostSources = 20

/** Its health page wants no token; its data sources do. */
export const readGrafana = (options: GrafanaOptions) => {
  const { get, json } = asker({ ...options, code: 'grafana', called: 'Grafana at' })
  const at = (path: string) => new URL(`${options.url.replace(/\/+$/, '')}${path}`)
  const healthOf = async (one: unknown, token: Secret): Promise<Source> => {
    const { uid, name } = (one ?? {}) as { readonly uid?: unknown; readonly name?: unknown }
    const { status, text } = await get(at(`/api/datasources/uid/${encodeURIComponent(String(uid))}/health`), token)
    const { message } = (parsed(text) ?? {}) as { readonly message?: unknown }
    return { name: String(name), well: status === 200, says: typeof message === 'string' ? message : '' }
  }
  return async (): Promise<Grafana> => {
    const { database, version } = (await json(at('/api/health'))) as { readonly database?: unknown; readonly version?: unknown }
    const health = { database: String(database), version: typeof version === 'string' ? version : '' }
    if (options.token === undefined) return { ...health, sources: undefined }
    const token = await options.token()
    const listed = await json(at('/api/datasources'), token)
    const all: readonly unknown[] = Array.isArray(listed) ? listed.slice(0, mostSources) : []
    return { ...health, sources: await Promise.all(all.map((one) => healthOf(one, token))) }
  }
}
