import type { Duplex } from 'node:stream'
import { Unreachable } from '../../errors.ts'
import { sh } from '../../shell.ts'
import type { Connection } from './connection.ts'
import { identitiesOf } from './identities.ts'
import { knownKeys } from './known-hosts.ts'
import { handshake, type Link } from './library.ts'
import { masterAnswers, type Opening, openSsh, throughMaster } from './openssh.ts'
import { makeRoom, type Room } from './openssh-room.ts'
import { resolveAlias } from './resolve.ts'
import type { Resolved } from './resolved.ts'
import { commandLink, directSocket } from './sockets.ts'
import { lets, withAlone } from './try-key.ts'
import { tellWhoIsAwaited } from './waiting.ts'
import { wayTo } from './way.ts'

export interface ConnectOptions {
  readonly configFile?: string
  readonly signal?: AbortSignal
  /** A word for somebody who waits longer than usual. */
  readonly tell?: (what: string) => void
  /** How soon the first word of another node must come, in milliseconds, so that one that says nothing has itself to blame; 400. */
  readonly quickMs?: number
  /** Told what the configuration says of an alias, before anything is connected. */
  readonly resolved?: (host: Resolved) => void
}

const maxHops = 8
const silenceHoldsMs = 30_000

/** Waiting was all that it cost to find out: asking again costs as much. */
const wasSilent = (error: unknown): boolean =>
  error instanceof Unreachable &&
  (error.code === 'ssh-timeout' ||
    (error.code === 'ssh-unreachable' && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT'))

/** "user@host:port" of a ProxyJump, with OpenSSH's ssh:// form; the arguments are what ssh itself passes on. */
const hopOf = (text: string) => {
  const found = /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([^\]]+)\]|([^:@]+))(?::(\d+))?\/?$/.exec(text.trim())
  const alias = found?.[2] ?? found?.[3] ?? text
  return { alias, more: [...(found?.[1] ? ['-l', found[1]] : []), ...(found?.[4] ? ['-p', found[4]] : [])] }
}

/** Opens connections; jump hosts are shared by the nodes behind them, and each is verified as the node itself is. */
export const connector = (options: ConnectOptions) => {
  const opened = new Map<string, Promise<Connection>>()
  const silentSince = new Map<string, number>()
  const begun: Promise<unknown>[] = []
  let [room, quickestMs]: [Room | undefined, number] = [undefined, Number.POSITIVE_INFINITY]
  const ours = (): Room => {
    room ??= makeRoom(options.configFile)
    return room
  }

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
          next: sh`ssh -G ${host.alias} | grep proxyjump`,
        })
      way = [...way, text]
      const [before, here, earlier] = [through, way, way.slice(path.length, -1)]
      through = await reuse(`>${way.join('>')}`, async () => {
        const hop = await resolveAlias(alias, { ...options, more: [...more, ...(earlier.length > 0 ? ['-J', earlier.join(',')] : [])] })
        return before ? reach(hop, async () => ({ socket: await before.forward(hop.hostname, hop.port) })) : connectTo(hop, here)
      })
    }
    if (!through) throw new Error(`empty ProxyJump of ${host.alias}`)
    return through.forward(host.hostname, host.port)
  }

  const connectTo = (host: Resolved, path: readonly string[] = [], began?: () => void): Promise<Connection> =>
    reach(
      host,
      async () => {
        if (host.proxyJump) return { socket: await throughHops(host, host.proxyJump, path) }
        return host.proxyCommand ? commandLink(host, host.proxyCommand) : { socket: await directSocket(host, options.signal) }
      },
      began,
    )

  const reach = async (host: Resolved, link: () => Promise<Link>, began?: () => void): Promise<Connection> => {
    let words = (): string | undefined => undefined
    const opened = new AbortController()
    if (options.tell) void tellWhoIsAwaited(host.alias, () => words(), options.tell, opened.signal)
    try {
      return await openBy(
        host,
        link,
        {
          signal: options.signal,
          waiting: (asked) => {
            words = asked
          },
        },
        began,
      )
    } finally {
      opened.abort()
    }
  }

  const openBy = async (host: Resolved, link: () => Promise<Link>, opening: Opening, began?: () => void): Promise<Connection> => {
    const bySsh = (because: string) => {
      began?.()
      return openSsh(host, ours(), because, opening)
    }
    const first = wayTo(host, { masterAnswers: await masterAnswers(host, options.configFile) })
    if (first.by === 'master') return throughMaster(host, ours(), first)
    if (first.by === 'openssh') return bySsh(first.because)
    const since = performance.now()
    const others = {
      heard: () => {
        quickestMs = Math.min(quickestMs, performance.now() - since)
      },
      areQuick: () => quickestMs < (options.quickMs ?? 400),
    }
    const linking = link().then((found) => {
      if (found.words) opening.waiting(found.words)
      return found
    })
    // Heard of below, when the keys are there.
    linking.catch(() => {})
    const [known, identities] = await Promise.all([knownKeys(host), identitiesOf(host), import('node-ssh')])
    const way = wayTo(host, { known, identities })
    if (way.by === 'openssh') {
      linking.then(({ socket }) => socket.destroy()).catch(() => {})
      return bySsh(way.because)
    }
    const outcome = await handshake(host, await linking, { known, identities }, options.signal, others, began)
    if ('connection' in outcome) return outcome.connection
    if (outcome.openssh === undefined) throw outcome.failure
    return bySsh(outcome.openssh).catch((error: unknown) => {
      throw beside(outcome.failure, error)
    })
  }

  /**
   * One that stands, or the attempt that is under way, whose failure all share who waited for it; what failed or was lost is opened anew by the next. One that was
   * silent costs its patience once: who asks within half a minute hears the same.
   */
  const reuse = (key: string, open: () => Promise<Connection>): Promise<Connection> => {
    if (performance.now() - (silentSince.get(key) ?? Number.POSITIVE_INFINITY) > silenceHoldsMs) opened.delete(key)
    const present = opened.get(key)
    if (present) {
      return present.then((connection) => {
        if (!connection.isLost()) return connection
        // Somebody else may have begun anew while we waited.
        if (opened.get(key) === present) opened.delete(key)
        return reuse(key, open)
      })
    }
    const next = open()
    silentSince.delete(key)
    opened.set(key, next)
    next.catch((error: unknown) => {
      if (opened.get(key) !== next) return
      if (wasSilent(error)) silentSince.set(key, performance.now())
      else opened.delete(key)
    })
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
        const connection = resolving.then((host) => {
          options.resolved?.(host)
          return connectTo(host, [], began)
        })
        begun.push(Promise.race([first, connection.catch(() => {})]))
        return connection
      }),
    /** Whether a connection of its own gets in: with what the configuration offers, or with this file alone. Throws Unreachable (`ssh-key`) for one that cannot be tried. */
    admits: async (alias: string, keyFile?: string): Promise<boolean> => {
      const { controlPath: _, ...host } = await resolveAlias(alias, options)
      return lets(keyFile === undefined ? host : withAlone(host, keyFile), connectTo, keyFile)
    },
    /** Until every node that was asked for has been sent its first words, or cannot be. */
    async underWay(): Promise<void> {
      await Promise.all(begun)
    },
    async close(): Promise<void> {
      const results = await Promise.allSettled(opened.values())
      opened.clear()
      for (const result of results.reverse()) if (result.status === 'fulfilled') result.value.close()
      room?.remove()
      room = undefined
    },
  }
}

/** The library's reason, with OpenSSH's own words. */
const beside = (failure: Unreachable, error: unknown): unknown =>
  error instanceof Unreachable
    ? new Unreachable(
        {
          code: failure.code,
          failed: failure.failed,
          cause: [failure.likely, error.likely && `ssh itself says: ${error.likely}`].filter(Boolean).join('; '),
          ...(failure.next !== undefined && { next: failure.next }),
        },
        { cause: error },
      )
    : error

export type Connector = ReturnType<typeof connector>
