import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { Unreachable } from '../../errors.ts'
import { type CommandRunner, commandRunner } from './commands.ts'
import { saveRoundTrips } from './fewer-round-trips.ts'
import { type Identities, identitiesOf } from './identities.ts'
import { hostKeyAlgorithms, knownKeys, refusalOf } from './known-hosts.ts'
import { type Resolved, resolveAlias } from './resolve.ts'
import { commandSocket, directSocket } from './sockets.ts'

/** One verified, authenticated connection. */
export interface Connection extends CommandRunner {
  readonly host: Resolved
  close(): void
}

export interface ConnectOptions {
  readonly configFile?: string
  readonly signal?: AbortSignal
}

const maxHops = 8

/** "user@host:port" of a ProxyJump, with OpenSSH's ssh:// form; the arguments are what ssh itself passes on. */
const hopOf = (text: string) => {
  const found = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+))(?::(\d+))?\/?$/.exec(text.trim())
  const alias = found?.[2] ?? found?.[3] ?? text
  return { alias, more: [...(found?.[1] ? ['-l', found[1]] : []), ...(found?.[4] ? ['-p', found[4]] : [])] }
}

const authFailure = (host: Resolved, identities: Identities, left: readonly string[], cause: Error) => {
  const [locked] = identities.locked
  const [exposed] = identities.exposed
  const agent = {
    answers: 'the agent holds no key that it accepts',
    silent: `the agent at ${host.identityAgent} does not answer`,
    none: 'there is no SSH agent',
  }[identities.agent]
  const offered = exposed
    ? `the key ${exposed} may be read by others, so it is ignored, and `
    : identities.methods.length === 0
      ? 'no usable identity file, and '
      : 'it refused every key offered; '
  const accepts = left.length > 0 ? `; it accepts ${left.join(', ')}` : ''
  return new Unreachable(
    {
      code: 'ssh-auth',
      failed: `${host.alias} does not let ${host.user} in`,
      cause: !host.publicKeys
        ? `the SSH configuration says PubkeyAuthentication no${accepts}`
        : locked
          ? `the key ${locked} is encrypted and ${agent}${accepts}`
          : `${offered}${agent}${accepts}`,
      next: locked ? `ssh-add ${locked}` : exposed ? `chmod 600 ${exposed}` : `ssh -v ${host.alias} true`,
    },
    { cause },
  )
}

/** Speaks SSH over `sock`: the host's key is checked against known_hosts before anything else is said. */
const handshake = async (host: Resolved, socket: Promise<Duplex>, options: ConnectOptions, began = () => {}): Promise<Connection> => {
  const [sock, { NodeSSH }, known, identities] = await Promise.all([socket, import('node-ssh'), knownKeys(host), identitiesOf(host)])
  // It may have ended while keys were looked up; ssh2 would wait for a word from it.
  if (sock.destroyed) throw failureOf(host, sock.errored ?? new Error('closed'), identities, [])
  let refused: Unreachable | undefined
  let left: readonly string[] = []
  // Without an identity "none" is asked, so that the server names what it would accept.
  const methods = identities.methods.length > 0 ? [...identities.methods] : [{ type: 'none' as const, username: host.user }]
  const ssh = new NodeSSH()
  const connecting = ssh.connect({
    sock: sock as never,
    host: host.hostname,
    username: host.user,
    readyTimeout: host.connectTimeoutMs,
    algorithms: { serverHostKey: hostKeyAlgorithms(host, known) as never },
    // Only the literal false refuses: anything else, a promise included, lets the host in.
    hostVerifier: (key: Buffer) => {
      refused = refusalOf(host, key, known)
      return refused === undefined
    },
    authHandler: (methodsLeft, _partial, _next) => {
      left = methodsLeft ?? left
      return (methods.shift() ?? false) as never
    },
  })
  const client = ssh.connection as Client
  saveRoundTrips(client, identities, began)
  const runner = commandRunner(host.alias, client)
  const abort = () => client.destroy()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    await connecting
  } catch (error) {
    client.destroy()
    sock.destroy()
    options.signal?.throwIfAborted()
    throw refused ?? failureOf(host, error as Error & { level?: string }, identities, left)
  } finally {
    options.signal?.removeEventListener('abort', abort)
  }
  return {
    ...runner,
    host,
    close: () => {
      client.end()
      sock.destroy()
    },
  }
}

const failureOf = (host: Resolved, error: Error & { level?: string }, identities: Identities, left: readonly string[]) => {
  if (error.level === 'client-authentication') return authFailure(host, identities, left, error)
  const silent = error.level === 'client-timeout'
  const mismatch = error.level === 'handshake'
  return new Unreachable(
    {
      code: silent ? 'ssh-timeout' : mismatch ? 'ssh-handshake' : 'ssh-lost',
      failed: `${host.alias} did not complete the SSH handshake`,
      cause: silent
        ? `it accepted the connection and said nothing for ${host.connectTimeoutMs / 1000} s`
        : mismatch
          ? `no common algorithm: ${error.message}`
          : 'the connection was closed: the server is restarting, full (MaxStartups), or bans this address',
      next: `ssh -v ${host.alias} true`,
    },
    { cause: error },
  )
}

/** Opens connections; jump hosts are shared by the nodes behind them, and each is verified as the node itself is. */
export const connector = (options: ConnectOptions) => {
  const opened = new Map<string, Promise<Connection>>()
  const begun: Promise<unknown>[] = []

  // `path`: the jump hosts on the way, so that a circle is seen, and so that only equal ways share a connection.
  const throughHops = async (host: Resolved, jump: string, path: readonly string[]): Promise<Duplex> => {
    let through: Connection | undefined
    let way = path
    for (const text of jump.split(',')) {
      const { alias, more } = hopOf(text)
      const circle = way.includes(text) || way.length >= maxHops
      if (circle)
        throw new Unreachable({
          code: 'ssh-config',
          failed: `The jump hosts of ${host.alias} cannot be followed`,
          cause: `its ProxyJump leads in a circle: ${[...way, text].join(', ')}`,
          next: `ssh -G ${host.alias} | grep proxyjump`,
        })
      way = [...way, text]
      const [before, here] = [through, way]
      through = await reuse(`>${way.join('>')}`, async () => {
        const hop = await resolveAlias(alias, { ...options, more })
        return before ? handshake(hop, before.forward(hop.hostname, hop.port), options) : connectTo(hop, here)
      })
    }
    if (!through) throw new Error(`empty ProxyJump of ${host.alias}`)
    return through.forward(host.hostname, host.port)
  }

  const connectTo = async (host: Resolved, path: readonly string[] = [], began?: () => void): Promise<Connection> => {
    const sock = host.proxyJump
      ? throughHops(host, host.proxyJump, path)
      : host.proxyCommand
        ? Promise.resolve(commandSocket(host, host.proxyCommand))
        : directSocket(host, options.signal)
    return handshake(host, sock, options, began)
  }

  const reuse = (key: string, open: () => Promise<Connection>): Promise<Connection> => {
    const present = opened.get(key)
    const next = present
      ? present.then(
          (connection) => (connection.isLost() ? open() : connection),
          () => open(),
        )
      : open()
    opened.set(key, next)
    return next
  }

  return {
    /** The connection to this alias, opened at first use and again after it was lost. */
    to: (alias: string): Promise<Connection> =>
      reuse(alias, () => {
        const resolving = resolveAlias(alias, options)
        // The library is read while ssh reads its configuration.
        void import('node-ssh')
        let began = () => {}
        const first = new Promise<void>((resolve) => {
          began = resolve
        })
        const connection = resolving.then((host) => connectTo(host, [], began))
        begun.push(Promise.race([first, connection.catch(() => {})]))
        return connection
      }),
    /** Until every node that was asked for has been sent its first words, or cannot be. */
    async underWay(): Promise<void> {
      await Promise.all(begun)
    },
    async close(): Promise<void> {
      const results = await Promise.allSettled(opened.values())
      opened.clear()
      for (const result of results.reverse()) if (result.status === 'fulfilled') result.value.close()
    },
  }
}
