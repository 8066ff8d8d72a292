import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { namespace } from '../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../src/lib/sandbox/deployment/planted.ts'
import type { Sandbox } from '../../src/lib/sandbox/sandbox.ts'

interface PodStatus {
  readonly conditions?: readonly { readonly type: string; readonly status: string }[]
}

/** The ready pods of a workload, as a Service sends requests to them. */
export const readyPods = ({ kubernetes }: Sandbox, workload: string) =>
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

/** What one request does in a pod, by its name. Rejects where it fails. */
type Ask = (pod: string) => Promise<void>

/** Requests one after another until the signal, each to a ready pod of the api in turn. */
const requestsUntil = async (sandbox: Sandbox, ask: Ask, signal: AbortSignal): Promise<Served> => {
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
    await ask(name).catch((error) => lost.push(`${name}: ${error instanceof Error ? error.message : String(error)}`))
    // Others get their turn, also where a request fails at once.
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return { asked, lost }
}

/** Logs in to Redis with the password that the pod has in its own environment, on a connection of its own, reads, writes and reads again. */
export const ofRedis =
  (sandbox: Sandbox, port: number): Ask =>
  async (pod) => {
    const password = sandbox.environmentOf(pod)?.['REDIS_PASSWORD'] ?? planted.redisPassword
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
      await redis.set(key, pod, 'EX', 60)
      if ((await redis.get(key)) !== pod) throw new Error('another value')
    } finally {
      redis.disconnect()
    }
  }

/** Does something while requests come from three sides, and a moment longer; what became of them. */
export const underRequests = async (sandbox: Sandbox, ask: Ask, act: () => Promise<unknown>): Promise<Served> => {
  const stop = new AbortController()
  const asking = Array.from({ length: 3 }, () => requestsUntil(sandbox, ask, stop.signal))
  try {
    await act()
  } finally {
    // What comes after its end is served as well.
    await new Promise((resolve) => setTimeout(resolve, 300))
    stop.abort()
  }
  const served = await Promise.all(asking)
  return { asked: served.reduce((sum, { asked }) => sum + asked, 0), lost: served.flatMap(({ lost }) => lost) }
}
