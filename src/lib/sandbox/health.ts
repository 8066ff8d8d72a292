import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Authority } from './certificates.ts'
import { apiHost, namespace } from './deployment/facts.ts'
import type { Client, KubeObject } from './kubernetes/types.ts'

export interface Health {
  readonly port: number
  stop(): Promise<void>
}

/** api.myhoneydue.com over HTTPS: `/api/health/` answers 200 while an api pod is ready, 503 when none is, as behind an ingress without endpoints. */
export async function startHealth(options: { readonly authority: Authority; readonly client: Client }): Promise<Health> {
  const { certificate: cert, key } = options.authority.issue({ commonName: apiHost, names: [apiHost], addresses: ['127.0.0.1'] })
  const server = createServer({ cert, key }, (request, response) => {
    if (request.url !== '/api/health/') return response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n')
    const ready = options.client
      .list({ group: '', resource: 'pods' }, { namespace, labels: { 'app.kubernetes.io/name': 'api' } })
      .some(isReady)
    // The real body is not known: only the status is to be relied on.
    const [status, body] = ready ? ([200, '{"status":"ok"}\n'] as const) : ([503, 'no available server\n'] as const)
    return response.writeHead(status, { 'content-type': ready ? 'application/json' : 'text/plain' }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function isReady(pod: KubeObject): boolean {
  const status = pod.status as { readonly conditions?: readonly { readonly type: string; readonly status: string }[] } | undefined
  return (
    pod.metadata.deletionTimestamp === undefined &&
    (status?.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  )
}
