import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { methodNotAllowed } from '../status.ts'
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions } from './discovery.ts'
import { openapi2, openapi3, openapi3Index } from './openapi.ts'
import { answer, answerText } from './responses.ts'

const checks = [
  'ping',
  'log',
  'etcd',
  'poststarthook/start-apiserver-admission-initializer',
  'poststarthook/rbac/bootstrap-roles',
  'informer-sync',
  'shutdown',
]
const version = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.6+k3s1',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.24.0',
  compiler: 'gc',
  platform: 'linux/amd64',
}
/** Some of the thousand lines; nobody has asked for what is deprecated. */
const metrics = `# HELP apiserver_longrunning_requests [STABLE] Gauge of all active long-running apiserver requests.
# TYPE apiserver_longrunning_requests gauge
apiserver_longrunning_requests{component="apiserver",group="",resource="pods",scope="cluster",subresource="",verb="WATCH",version="v1"} 4
`
const discoveryType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** Answers paths that name no resource: discovery, OpenAPI, version, health. False when there is nothing at the path. */
export function plainPath(
  method: string,
  path: string,
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  address: string,
  response: ServerResponse,
): boolean {
  const body = found(path, headers, address)
  const health = /^\/(readyz|livez|healthz)(?:\/(.+))?$/.exec(path)
  const check = health?.[2]
  if (path === '/metrics' && (method === 'GET' || method === 'HEAD')) {
    answerText(response, 200, metrics)
    return true
  }
  if (body === undefined && (!health || (check !== undefined && !checks.includes(check)))) return false
  if (method !== 'GET' && method !== 'HEAD') throw methodNotAllowed()
  if (health) {
    const verbose = query.has('verbose') && check === undefined
    answerText(response, 200, verbose ? `${checks.map((name) => `[+]${name} ok\n`).join('')}${health[1]} check passed\n` : 'ok')
  } else if (body) answer(response, 200, body.value, { type: body.type ?? 'application/json' })
  return true
}

function found(
  path: string,
  headers: IncomingHttpHeaders,
  address: string,
): { readonly value: unknown; readonly type?: string } | undefined {
  const clean = path.length > 1 ? path.replace(/\/$/, '') : path
  const wantsAggregated = /g=apidiscovery\.k8s\.io/.test(headers.accept ?? '') && /v=v2(;|,|$)/.test(headers.accept ?? '')
  if (clean === '/api') return wantsAggregated ? { value: aggregated(true), type: discoveryType } : { value: apiVersions(address) }
  if (clean === '/apis') return wantsAggregated ? { value: aggregated(false), type: discoveryType } : { value: apiGroupList() }
  if (clean === '/version') return { value: version }
  if (clean === '/openapi/v2') return { value: openapi2() }
  if (clean === '/openapi/v3') return { value: openapi3Index() }
  if (clean === '/')
    return { value: { paths: ['/api', '/api/v1', '/apis', '/healthz', '/livez', '/openapi/v2', '/openapi/v3', '/readyz', '/version'] } }
  const [, root, ...parts] = /^\/openapi\/v3\//.test(clean) ? clean.slice('/openapi/v3'.length).split('/') : clean.split('/')
  const openapi = clean.startsWith('/openapi/v3/')
  const [group = '', version_ = ''] = root === 'api' ? ['', parts[0]] : root === 'apis' ? parts : []
  if ((root !== 'api' && root !== 'apis') || parts.length > (root === 'api' ? 1 : 2)) return undefined
  const value = openapi
    ? openapi3(group, version_)
    : root === 'apis' && parts.length === 1
      ? apiGroup(group)
      : apiResourceList(group, version_)
  return value === undefined ? undefined : { value }
}
