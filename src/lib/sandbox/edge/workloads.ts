import type { Client, KubeObject } from '../kubernetes/types.ts'
import type { Backend } from './serving.ts'

export interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
}

const plain = (status: number, body: string): Reply => ({ status, type: 'text/plain; charset=utf-8', body })

/** What the workload behind a host answers: the pods that the Service selects and that are ready decide whether anything does. */
export function answerOf(client: Client, backend: Backend | undefined, path: string): Reply {
  if (!backend) return plain(404, '404 page not found\n')
  const service = client.get({ group: '', resource: 'services' }, backend.service, backend.namespace)
  if (!service) return plain(404, '404 page not found\n')
  const labels = (service.spec as { readonly selector?: Readonly<Record<string, string>> } | undefined)?.selector ?? {}
  const pods = client.list({ group: '', resource: 'pods' }, { namespace: backend.namespace, labels })
  if (!pods.some(isReady)) return plain(503, 'no available server\n')
  // The real bodies are not known: only the status is to be relied on.
  if (backend.service !== 'api') return { status: 200, type: 'text/html; charset=utf-8', body: '<!doctype html><title>honeyDue</title>\n' }
  return path === '/api/health/' ? { status: 200, type: 'application/json', body: '{"status":"ok"}\n' } : plain(404, '404 page not found\n')
}

export function isReady(pod: KubeObject): boolean {
  const status = pod.status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined
  return (
    pod.metadata.deletionTimestamp === undefined &&
    (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True')
  )
}
