import type { Client } from 'ssh2'

type Refused = (protocol: unknown, methods: readonly string[], partial: boolean) => void

/** The part of ssh2's own protocol object that is listened to: of an agent's keys it tells nobody what the server said. */
interface Protocol {
  _handlers?: { USERAUTH_FAILURE?: Refused }
}

/** What the server has said so far to those who wanted in. */
export const hearRefusals = (client: Client) => {
  let left: readonly string[] = []
  let partial = false
  let offered = 0
  const handlers = (client as unknown as { readonly _protocol?: Protocol })._protocol?._handlers
  const refused = handlers?.USERAUTH_FAILURE
  if (handlers && refused)
    handlers.USERAUTH_FAILURE = (protocol, methods, accepted) => {
      left = methods
      partial ||= accepted
      offered += 1
      refused(protocol, methods, accepted)
    }
  return (): { readonly left: readonly string[]; readonly partial: boolean; readonly offered: number } => ({ left, partial, offered })
}
