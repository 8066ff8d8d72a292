import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type Asked, askedChannel } from '../sandbox/asked.ts'
import { namespace } from '../sandbox/deployment/facts.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'

/** A run that somebody made, as its lease tells of it. Times: RFC 3339. */
export interface Hand {
  readonly run: string
  /** user@host. */
  readonly who: string
  readonly line: string
  readonly at: string
}

const requests = 'http.server.request.start'

/** Notices when somebody first looks at the cluster, a node or Cloudflare, and every run of whomever it is, until the signal. */
export const watchOperators = (
  sandbox: Sandbox,
  signal: AbortSignal,
): { readonly looked: () => string | undefined; readonly hands: () => readonly Hand[]; readonly again: () => void } => {
  const ports = new Set([sandbox.kubernetes.port, sandbox.cloudflare.port])
  let looked: string | undefined
  const hands = new Map<string, Hand>()
  const now = () => new Date().toISOString()
  const onRequest = (message: unknown) => {
    const { socket } = message as { readonly socket?: { readonly localPort?: number } }
    if (ports.has(socket?.localPort ?? 0)) looked ??= now()
  }
  const onAsked = (message: unknown) => {
    if ((message as Asked).system === 'nodes') looked ??= now()
  }
  subscribe(requests, onRequest)
  subscribe(askedChannel, onAsked)
  const unwatch = sandbox.kubernetes.client.watch(({ resource, object: { metadata, ...object } }) => {
    if (resource.resource !== 'leases' || metadata.namespace !== namespace) return
    const { holderIdentity = '' } = (object['spec'] ?? {}) as { readonly holderIdentity?: string }
    const [who = '', run] = holderIdentity.split('/')
    const line = metadata.annotations?.['honeydue.dev/line']
    if (run !== undefined && line !== undefined && !hands.has(run)) hands.set(run, { run, who, line, at: now() })
  })
  signal.addEventListener(
    'abort',
    () => {
      unsubscribe(requests, onRequest)
      unsubscribe(askedChannel, onAsked)
      unwatch()
    },
    { once: true },
  )
  return {
    looked: () => looked,
    hands: () => [...hands.values()],
    again: () => {
      looked = undefined
      hands.clear()
    },
  }
}
