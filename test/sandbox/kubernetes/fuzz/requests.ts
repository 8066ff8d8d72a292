import { resources } from '../../../../src/lib/sandbox/kubernetes/resources.ts'
import { isKnown, junk, nearly } from './objects.ts'
import type { Random } from './random.ts'

export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly type: string
  readonly accept: string
  readonly body?: string
}

const types = [
  'application/json',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/yaml',
  'text/plain',
]

function patch(of: Random): unknown {
  return Array.from({ length: 3 }, () => ({
    op: of.pick('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: of.pick(
      '',
      '/',
      '/spec',
      '/spec/replicas',
      '/metadata/labels/a~1b',
      '/spec/template/spec/containers/-',
      '/__proto__/x',
      'x',
      '/metadata',
    ),
    from: of.pick('/spec', '', '/metadata'),
    value: junk(of, 2),
  }))
}

function bodyFor(of: Random, method: string, type: string, resource: string, name: string): string | undefined {
  const roll = of.next()
  if (roll < 0.05) return undefined
  if (roll < 0.1) return of.pick('', '{', '[]', 'null', '"x"', '{"a":', '- a: [', 'a: &a [*a]', '['.repeat(5000))
  if (roll < 0.15) return JSON.stringify(junk(of, 3))
  if (method === 'DELETE')
    return JSON.stringify({
      propagationPolicy: of.pick('Background', 'Foreground', 'Orphan', 'x'),
      gracePeriodSeconds: of.pick<unknown>(0, 1, 30, -1, 'x'),
      preconditions: of.pick<object>({}, { uid: 'x' }, { resourceVersion: '1' }),
    })
  if (type === 'application/json-patch+json') return JSON.stringify(patch(of))
  return JSON.stringify(nearly(of, resource, name, 2))
}

function queryFor(of: Random): string {
  const option = () =>
    `${of.pick('labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'dryRun', 'fieldManager', 'fieldValidation', 'force', 'propagationPolicy', 'gracePeriodSeconds', 'tailLines', 'sendInitialEvents', 'resourceVersionMatch', 'container', 'command')}=${of.pick('All', 'a', 'a%3Db', '!', 'a%20in%20(', '-1', '0', '1', '99999999999', 'Strict', 'true', 'Foreground', 'metadata.name%3Da', 'main', '%ff', '')}`
  const watching = of.next() < 0.02 ? ['watch=1', 'timeoutSeconds=1'] : []
  return [...watching, ...Array.from({ length: of.next() < 0.7 ? 0 : of.below(3) }, option)].join('&')
}

const known = resources.filter(({ resource, group }) => isKnown(resource) && group !== 'events.k8s.io')
const plain = [
  '/',
  '/api',
  '/apis',
  '/apis/x',
  '/version',
  '/openapi/v2',
  '/openapi/v3',
  '/openapi/v3/apis/apps/v1',
  '/readyz?verbose',
  '/%',
  '//',
]
const subresources = [
  'status',
  'scale',
  'log',
  'exec',
  'attach',
  'portforward',
  'eviction',
  'binding',
  'finalize',
  'ephemeralcontainers',
  'x',
]

/** One request: mostly a sound one of some kind with something wrong in it. */
export function fuzzRequest(of: Random): FuzzRequest {
  const usual = of.pick('GET', 'POST', 'POST', 'POST', 'PUT', 'PUT', 'PATCH', 'PATCH', 'PATCH', 'PATCH', of.pick('GET', 'DELETE'))
  const method = of.next() < 0.03 ? of.pick('HEAD', 'OPTIONS') : usual
  const resource = of.pick(...(of.next() < 0.9 ? known : resources))
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`
  const namespace = of.next() < 0.9 ? 'default' : of.pick('a', 'nowhere', '%00', '..')
  const home = resource.namespaced && of.next() < 0.97 ? `/namespaces/${namespace}` : ''
  const name = of.pick('a', 'b', 'c')
  const named = of.next() < 0.05 ? method === 'POST' : method !== 'POST' && (method !== 'GET' || of.next() < 0.5)
  const id = named ? `/${of.next() < 0.95 ? name : of.pick('default', 'A_B', '%2F', '%E0%A4%A')}` : ''
  const sub = named && of.next() < 0.2 ? `/${of.pick(...subresources)}` : ''
  const at = of.next() < 0.03 ? of.pick(...plain) : `${root}${home}/${resource.resource}${id}${sub}`
  const type = method === 'PATCH' ? of.pick(...types.slice(1, 5)) : of.next() < 0.9 ? 'application/json' : of.pick(...types)
  const query = [queryFor(of), type.startsWith('application/apply') ? 'fieldManager=f' : ''].filter(Boolean).join('&')
  const body = method === 'GET' || method === 'HEAD' ? undefined : bodyFor(of, method, type, resource.resource, name)
  const common = of.pick('application/json', '*/*', 'application/json;as=Table;v=v1;g=meta.k8s.io', 'application/yaml')
  return {
    method,
    path: query === '' ? at : `${at}${at.includes('?') ? '&' : '?'}${query}`,
    type,
    accept: of.next() < 0.97 ? common : 'text/csv',
    ...(body === undefined ? {} : { body }),
  }
}
