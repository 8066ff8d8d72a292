import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import type { Unreachable } from '../../errors.ts'
import { commandRunner } from './commands.ts'
import type { Connection } from './connection.ts'
import { saveRoundTrips } from './fewer-round-trips.ts'
import { hearRefusals } from './heard.ts'
import type { Identities } from './identities.ts'
import { hostKeyAlgorithms, refusalOf } from './known-hosts.ts'
import type { KnownKey } from './known-key.ts'
import { ciphers, cut, keyExchanges, macs } from './library-algorithms.ts'
import type { Resolved } from './resolved.ts'
import { failureOf } from './why-closed.ts'

/** A byte stream to a host; `said`: how the command that leads there ended, and what it printed; `words`: what it has printed so far. */
export interface Link {
  readonly socket: Duplex
  readonly said?: () => Promise<string | undefined>
  readonly words?: () => string | undefined
}

export interface Keys {
  readonly known: readonly KnownKey[]
  readonly identities: Identities
}

/** A connection, or why there is none; `openssh`: why OpenSSH might yet get in. */
export type Outcome = { readonly connection: Connection } | { readonly failure: Unreachable; readonly openssh?: string }

const algorithmsFor = (host: Resolved, known: readonly KnownKey[]) => {
  const allowed = (ours: readonly string[], named: readonly string[]) => (named.length > 0 ? cut(ours, named) : undefined)
  const [kex, cipher, hmac] = [allowed(keyExchanges, host.keyExchanges), allowed(ciphers, host.ciphers), allowed(macs, host.macs)]
  return { ...(kex && { kex }), ...(cipher && { cipher }), ...(hmac && { hmac }), serverHostKey: hostKeyAlgorithms(host, known) }
}

/** What the first words of other nodes say of the network. */
export interface Others {
  /** This one has said its first word. */
  heard(): void
  /** One of them said it at once. */
  areQuick(): boolean
}

/** Speaks SSH over the link: the host's key is checked against known_hosts before anything else is said. */
export const handshake = async (
  host: Resolved,
  { socket, said }: Link,
  { known, identities }: Keys,
  signal: AbortSignal | undefined,
  others: Others,
  began = () => {},
): Promise<Outcome> => {
  const { NodeSSH } = await import('node-ssh')
  let refused: Unreachable | undefined
  let [spoke, silent] = [false, true]
  // Without an identity "none" is asked, so that the server names what it would accept.
  const methods = identities.methods.length > 0 ? [...identities.methods] : [{ type: 'none' as const, username: host.user }]
  const ssh = new NodeSSH()
  const connecting = ssh.connect({
    sock: socket as never,
    host: host.hostname,
    username: host.user,
    readyTimeout: host.patienceMs,
    algorithms: algorithmsFor(host, known) as never,
    // Only the literal false refuses: anything else, a promise included, lets the host in.
    hostVerifier: (key: Buffer) => {
      refused = refusalOf(host, key, known)
      return refused === undefined
    },
    authHandler: () => (methods.shift() ?? false) as never,
  })
  const client = ssh.connection as Client
  client.once('handshake', () => {
    spoke = true
  })
  const heard = hearRefusals(client)
  saveRoundTrips(client, identities, began)
  let waitedMs = host.firstWordMs
  const giveUp = (afterMs: number) => {
    waitedMs = afterMs
    client.emit('error', Object.assign(new Error('silent'), { level: 'client-timeout' }))
  }
  const mute = setTimeout(() => giveUp(host.firstWordMs), host.firstWordMs)
  const { amongQuickMs = host.firstWordMs } = host
  const alone = setTimeout(() => silent && amongQuickMs < host.firstWordMs && others.areQuick() && giveUp(amongQuickMs), amongQuickMs)
  socket.once('data', () => {
    silent = false
    others.heard()
    clearTimeout(mute)
    clearTimeout(alone)
  })
  const runner = commandRunner(host, client)
  const abort = () => client.destroy()
  signal?.addEventListener('abort', abort, { once: true })
  // It may have ended while keys were looked up; ssh2 would wait for a word from it.
  if (socket.destroyed) client.emit('error', socket.errored ?? new Error('closed'))
  try {
    await connecting
  } catch (thrown) {
    const error = thrown as Error & { level?: string }
    client.destroy()
    socket.destroy()
    signal?.throwIfAborted()
    const proxy = await said?.()
    const failure =
      refused ??
      failureOf({ ...host, firstWordMs: waitedMs }, { error, identities, ...heard(), spoke, silent, ...(proxy !== undefined && { proxy }) })
    const openssh = mayYet(host, { error, refused, known, left: heard().left })
    return { failure, ...(openssh !== undefined && { openssh }) }
  } finally {
    clearTimeout(mute)
    clearTimeout(alone)
    signal?.removeEventListener('abort', abort)
  }
  return {
    connection: {
      ...runner,
      host,
      way: { by: 'library' },
      close: () => {
        client.end()
        socket.destroy()
      },
    },
  }
}

interface Ended {
  readonly error: { readonly level?: string }
  readonly refused: Unreachable | undefined
  readonly known: readonly KnownKey[]
  readonly left: readonly string[]
}

/** Why OpenSSH might get in where the library did not: it holds the host to the same files, and has more algorithms and more ways to prove who asks. */
export const mayYet = (host: Resolved, { error, refused, known, left }: Ended): string | undefined => {
  if (refused)
    return refused.code !== 'ssh-revoked-host-key' && known.some(({ mark }) => mark === 'cert-authority')
      ? 'a host certificate may vouch for it'
      : undefined
  if (error.level === 'handshake') return 'the library has no algorithm in common with it'
  if (error.level === 'agent') return 'the agent signs for OpenSSH alone'
  const other = error.level === 'client-authentication' ? host.otherMethods.find((method) => left.includes(method)) : undefined
  return other && `it accepts ${other}`
}
