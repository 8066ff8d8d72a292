import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

/** The ready pods of a workload, as a Service sends requests to them. */
const readyPods = ({ kubernetes }: Sandbox, workload: string) =>
  kubernetes.client
    .list({ group: '', resource: 'pods' }, { namespace })
    .filter(
      ({ metadata, status }) =>
        metadata.labels?.['app.kubernetes.io/name'] === workload &&
        metadata.deletionTimestamp === undefined &&
        ((status as PodStatus).conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )

export interface Served {
  readonly asked: number
  readonly lost: readonly string[]
}

/**
 * Requests one after another until the signal, each to a ready pod of the api in turn, which logs in to Redis with the password that it has in its own
 * environment, on a connection of its own, reads, writes and reads again.
 */
export const requestsUntil = async (sandbox: Sandbox, port: number, signal: AbortSignal): Promise<Served> => {
  const lost: string[] = []
  let asked = 0
  for (; !signal.aborted; asked++) {
    const pods = readyPods(sandbox, 'api')
    const pod = pods[asked % Math.max(1, pods.length)]
    if (!pod) {
      lost.push('no pod is ready')
      await new Promise((resolve) => setTimeout(resolve, 5))
      continue
    }
    const { name } = pod.metadata
    const password = sandbox.environmentOf(name)?.['REDIS_PASSWORD'] ?? planted.redisPassword
    const redis = new Redis({
      host: '127.0.0.1',
      port,
      password,
      protocol: 2,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      disableClientInfo: true,
    })
    redis.on('error', () => {})
    try {
      const key = `request:${randomUUID()}`
      await redis.set(key, name, 'EX', 60)
      if ((await redis.get(key)) !== name) lost.push(`${name}: another value`)
    } catch (error) {
      lost.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      redis.disconnect()
    }
  }
  return { asked, lost }
}
