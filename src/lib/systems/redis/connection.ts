import { connect } from 'node:net'
import { connect as secure } from 'node:tls'
import type { Redis } from 'ioredis'
import { type Clock, type Duration, seconds } from '../../clock.ts'
import type { Secret } from '../../secret.ts'
import { cutBy, NotRedis, RedisTimeout, redisTrouble, replyCode } from './trouble.ts'

/** Where Redis listens for us, and how to take the way there down again. */
export interface Dialed {
  readonly host: string
  readonly port: number
  /** As the operator knows it: "deploy/redis in honeydue (port-forward)". */
  readonly name?: string
  close(): Promise<void>
}

export interface RedisAccess {
  /** Opens the way in: a port-forward, an SSH tunnel, or an address. Called at first use. */
  readonly dial: (signal?: AbortSignal) => Promise<Dialed>
  /** Read at first use; undefined means that Redis asks for none. */
  readonly password: () => Promise<Secret | undefined>
  readonly clock: Clock
  readonly signal?: AbortSignal
  /** For connecting with all that it takes, and for each command. */
  readonly timeout?: Duration
  /** For all that one look asks. */
  readonly lookLimit?: Duration
}

/** Rejects with a RedisTimeout when the work takes longer, or as the signal says; the work itself is left to end. */
const within = async <T>(clock: Clock, limit: Duration, work: Promise<T>, signal?: AbortSignal): Promise<T> => {
  const done = new AbortController()
  const late = clock.sleep(limit, signal ? AbortSignal.any([signal, done.signal]) : done.signal).then(() => {
    throw new RedisTimeout(`no answer within ${limit} ms`)
  })
  late.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}

/** Whether it lets us in and answers at all: one that refuses this command (PING of a Redis that cannot save, or by an ACL) has answered. */
const greet = async (redis: Redis): Promise<void> => {
  await redis.ping().catch((error: unknown) => {
    if (['NOAUTH', 'WRONGPASS', 'LOADING', 'BUSY', undefined].includes(replyCode(error))) throw error
  })
}

/**
 * Signs in, and gives the refusal where no password is wanted: by us and not by the library, which writes to the terminal then. `ERR` is what a server says that has
 * no password, and one whose AUTH was renamed: which of them it is, the greeting tells.
 */
const signIn = async (redis: Redis, secret: Secret | undefined): Promise<unknown> => {
  if (!secret) return undefined
  try {
    await redis.call('auth', secret.reveal())
    return undefined
  } catch (error) {
    if (replyCode(error) !== 'ERR') throw error
    return error
  }
}

const isReply = (error: unknown): boolean => error instanceof Error && error.name === 'ReplyError'

/** What a server says by itself to whoever only listens, for half a second at most: what it said before it reset a connection is lost when we were writing then. */
const saidUnasked = ({ host, port }: Dialed): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host, port })
    const end = (said: string) => {
      socket.destroy()
      resolve(said)
    }
    socket.setTimeout(500, () => end(''))
    socket.on('error', () => end(''))
    socket.on('close', () => end(''))
    socket.once('data', (chunk) => end(chunk.toString('latin1', 0, 300)))
  })

/** Whether it agrees on keys with whoever speaks TLS, be it known to us or not; half a second at most, and nothing is sent over it. */
const speaksTls = ({ host, port }: Dialed): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = secure({ host, port })
    const end = (does: boolean) => {
      socket.destroy()
      resolve(does)
    }
    socket.setTimeout(500, () => end(false))
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))
    socket.once('keylog', () => end(true))
  })

/** What may be the answer to our first words, and may be said to everybody: the same code stands before both. */
const isDoubtful = (said: string): boolean => said.startsWith('-ERR')

/** Why a connection was cut: by what the server said first, or by what it is. */
const whyCut = async (way: Dialed, said: string): Promise<Error | undefined> => {
  if (said !== '' && !isDoubtful(said)) return cutBy(said)
  const unasked = await saidUnasked(way)
  if (unasked !== '') return cutBy(unasked)
  return said === '' && (await speaksTls(way)) ? new NotRedis(undefined) : undefined
}

/** One connection, opened at first use; `use` runs an operation and words every failure. */
export const redisConnection = ({ dial, password, clock, signal, timeout = seconds(5) }: RedisAccess) => {
  let opened: Promise<{ readonly redis: Redis; readonly way: Dialed; readonly where: string; readonly open: boolean }> | undefined
  let lastError: unknown

  const open = async () => {
    const secret = await password()
    // A bundle of this CommonJS package has the default export only.
    const { Redis } = (await import('ioredis')).default
    const way = await dial(signal)
    const where = way.name ?? `${way.host}:${way.port}`
    const redis = new Redis({
      host: way.host,
      port: way.port,
      lazyConnect: true,
      retryStrategy: null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
      protocol: 2,
      connectTimeout: timeout,
    })
    // A server that turns everybody away says why before it is asked, and closes: nobody waits for that answer.
    let unasked = ''
    let open = false
    redis.once('connect', () =>
      redis.stream.on('data', (chunk: Buffer) => {
        if (unasked === '') unasked = chunk.toString('latin1', 0, 300)
      }),
    )
    // connect() rejects with "Connection is closed."; the cause comes only as this event.
    redis.on('error', (error: unknown) => {
      lastError = error
    })
    const leave = () => redis.disconnect()
    signal?.addEventListener('abort', leave, { once: true })
    redis.once('end', () => signal?.removeEventListener('abort', leave))
    try {
      await within(
        clock,
        timeout,
        redis.connect().then(async () => {
          // Both are sent at once: the answer to the first is waited for with that to the second.
          const [unwanted, unanswered] = await Promise.all([
            signIn(redis, secret),
            greet(redis).then(
              () => undefined,
              (error: unknown) => ({ error }),
            ),
          ])
          const refusal = secret === undefined && isDoubtful(unasked) ? cutBy(await saidUnasked(way)) : undefined
          if (refusal) throw refusal
          if (unanswered) throw replyCode(unanswered.error) === 'NOAUTH' && unwanted !== undefined ? unwanted : unanswered.error
          open = unwanted !== undefined
        }),
        signal,
      )
      return { redis, way, where, open }
    } catch (error) {
      redis.disconnect()
      const cut = !isReply(error) && !(error instanceof RedisTimeout)
      const why = cut && !signal?.aborted ? await whyCut(way, unasked) : undefined
      await way.close()
      throw redisTrouble(cut ? (why ?? lastError ?? error) : error, where)
    }
  }

  const current = (): NonNullable<typeof opened> => {
    if (opened) return opened
    const fresh = open()
    opened = fresh
    // A way that could not be opened is not kept: the next operation tries again.
    fresh.catch(() => {
      if (opened === fresh) opened = undefined
    })
    return fresh
  }

  /** Whoever asks from now on opens another one, and that one stays open. Of all whose operations fail together on one, the first closes it. */
  const close = async (which = opened): Promise<void> => {
    if (which === undefined || opened !== which) return
    opened = undefined
    const last = await which.catch(() => undefined)
    last?.redis.disconnect()
    await last?.way.close()
  }

  return {
    /** Runs one operation; throws Unreachable or Blocked in four parts. `limit` is for the whole of it. */
    use: async <T>(operation: (redis: Redis) => Promise<T>, limit: Duration = timeout): Promise<T> => {
      signal?.throwIfAborted()
      const mine = current()
      const { redis, where } = await mine
      lastError = undefined
      try {
        return await within(clock, limit, operation(redis), signal)
      } catch (error) {
        if (isReply(error)) throw redisTrouble(error, where)
        // Silent or cut: what is left of it cannot be trusted, and the next operation opens a new one.
        await close(mine)
        if (signal?.aborted) throw signal.reason
        throw redisTrouble(error instanceof RedisTimeout ? error : (lastError ?? error), where)
      }
    },
    where: async (): Promise<string> => (await current()).where,
    /** It wants no password, though we have one. */
    open: async (): Promise<boolean> => (await current()).open,
    /** How long somebody still waits for its answers in all. */
    left: (): Duration => Number.POSITIVE_INFINITY,
    close: () => close(),
  }
}

export type RedisConnection = ReturnType<typeof redisConnection>
