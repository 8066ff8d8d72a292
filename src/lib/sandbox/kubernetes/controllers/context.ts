import { StatusError } from '../status.ts'
import type { Client, KubeObject, Speed } from '../types.ts'
import { stamp } from './objects.ts'

/** What every controller works with. */
export interface Context {
  readonly client: Client
  readonly speed: Speed
  /** Records an event about an object, or counts it again. */
  event(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string, source: Source): void
  /** Calls `again` in `ms`, unless the control plane stops or is reset before. */
  after(ms: number, again: () => void): () => void
  /** While true, nothing is recorded and everything is at its end at once. */
  settling(): boolean
}

export interface Source {
  readonly component: string
  readonly host?: string
  readonly fieldPath?: string
  /** What was being done: said by those who write events in the newer form. */
  readonly action?: string
}

/** Keeps timers and events; `clear` ends what is pending. */
export function createContext(client: Client, speed: Speed, settling: () => boolean): Context & { clear(): void } {
  const timers = new Set<NodeJS.Timeout>()
  const seen = new Map<string, string>()
  // Events are named by their nanosecond, so that lists show them in their order.
  let latest = 0n
  const instant = () => {
    const now = BigInt(Date.now()) * 1_000_000n
    latest = now > latest ? now : latest + 1n
    return latest.toString(16)
  }
  return {
    client,
    speed,
    settling,
    after: (ms, again) => {
      const timer = setTimeout(
        () => {
          timers.delete(timer)
          again()
        },
        Math.min(ms, 2_000_000_000),
      )
      timers.add(timer)
      return () => {
        clearTimeout(timer)
        timers.delete(timer)
      }
    },
    clear: () => {
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
      seen.clear()
    },
    event: (about, type, reason, message, { component, host, fieldPath, action }) => {
      if (settling()) return
      const namespace = about.metadata.namespace ?? 'default'
      const key = [about.metadata.uid, type, reason, message, component].join('\n')
      const now = stamp()
      const events = { group: '', resource: 'events' }
      const again = seen.get(key)
      const counted =
        again &&
        client.update(
          events,
          again,
          namespace,
          (draft) => {
            const series = draft['series'] as { readonly count: number } | undefined
            if (action) Object.assign(draft, { series: { count: (series?.count ?? 1) + 1, lastObservedTime: microtime() } })
            else Object.assign(draft, { count: Number(draft['count'] ?? 1) + 1, lastTimestamp: now })
          },
          { manager: component },
        )
      if (counted) return
      const name = `${about.metadata.name}.${instant()}`
      const { apiVersion, kind, metadata } = about
      const involvedObject = {
        kind,
        ...(metadata.namespace ? { namespace } : {}),
        name: metadata.name,
        uid: metadata.uid,
        apiVersion,
        resourceVersion: metadata.resourceVersion,
        ...(fieldPath ? { fieldPath } : {}),
      }
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name, namespace },
        involvedObject,
        reason,
        message,
        type,
        reportingComponent: component,
        ...(action
          ? { action, eventTime: microtime(), reportingInstance: `${component}-1` }
          : {
              source: { component, ...(host ? { host } : {}) },
              firstTimestamp: now,
              lastTimestamp: now,
              count: 1,
              reportingInstance: host ?? '',
            }),
      }
      if (tolerant(() => client.create(event, { manager: component }))) seen.set(key, name)
    },
  }
}

const microtime = () => new Date().toISOString().replace('Z', '000Z')

/** A change that may lose a race (a namespace that ends, a name that is taken, an object that is gone): undefined then. */
export function tolerant<T>(change: () => T): T | undefined {
  try {
    return change()
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}
