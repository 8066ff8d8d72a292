import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type Clock, systemClock } from '../../clock.ts'
import { runWorker } from './asynq-worker.ts'
import type { Context, Counters, Session } from './command.ts'
import { execute } from './execute.ts'
import { greetings, type RedisFault, turnsAway } from './faults.ts'
import { createKeyspace, type Value } from './keyspace.ts'
import { createPasswords } from './passwords.ts'
import { createDecoder, encode, ProtocolError } from './protocol.ts'
import { seed } from './seed.ts'
import { defaultSettings } from './settings.ts'

export interface RedisOptions {
  /** None: the server asks for none. */
  readonly password?: string
  readonly clock?: Clock
  readonly port?: number
  /** False starts with no keys. */
  readonly seeded?: boolean
}

/** What INFO counts for an empty server: code, buffers, tables. */
const baseMemory = 1_050_000

/** The claim of the deployment's Redis, as it begins. */
const firstClaim = 'redis-data'

export type RedisSandbox = Awaited<ReturnType<typeof startRedis>>

/** Starts an embedded Redis 7.0 on 127.0.0.1: password, 256 MB, allkeys-lru, the application's cache and asynq's keys. */
export const startRedis = async (options: RedisOptions = {}) => {
  const clock = options.clock ?? systemClock
  const now = () => clock.now().getTime()
  const startedAt = now()
  const stopping = new AbortController()
  const databases = Array.from({ length: 16 }, () => createKeyspace(now))
  const [db = createKeyspace(now)] = databases
  const settings = new Map<string, string>()
  const passwords = createPasswords()
  const counters: Counters = { commands: 0, connections: 0, hits: 0, misses: 0, evicted: 0, errors: 0, refusals: {} }
  const clients = new Map<Session, Socket>()
  const hooks = new Map<string, () => void>()
  const log: string[] = []
  let fault: RedisFault | undefined
  /** The claim whose volume it has, and what is in the others. */
  let mounted = firstClaim
  const volumes = new Map<string, ReturnType<typeof db.take>>()
  let nextId = 1

  const reset = () => {
    for (const each of databases) each.clear()
    settings.clear()
    for (const [name, value] of defaultSettings(options.password)) settings.set(name, value)
    passwords.only(options.password ?? '')
    Object.assign(counters, { commands: 0, connections: 0, hits: 0, misses: 0, evicted: 0, errors: 0, refusals: {} })
    hooks.clear()
    log.length = 0
    fault = undefined
    mounted = firstClaim
    volumes.clear()
    if (options.seeded !== false) {
      seed(db, now())
      Object.assign(counters, { hits: 9412, misses: 588 })
    }
  }
  reset()

  const usedMemory = () => databases.reduce((sum, each) => sum + each.bytes(), baseMemory + clients.size * 22_000)
  const makeRoom = (context: Context): boolean => {
    const limit = Number(settings.get('maxmemory'))
    const policy = settings.get('maxmemory-policy') ?? 'noeviction'
    if (limit === 0) return true
    while (usedMemory() > limit) {
      if (policy === 'noeviction') return false
      const victim = context.db.leastRecentlyUsed(policy.startsWith('volatile-'))
      if (victim === undefined) return false
      context.db.remove(victim)
      counters.evicted++
    }
    return true
  }
  const rules = { loading: () => fault?.kind === 'loading', makeRoom }
  const accepts = (password: string) => fault?.kind !== 'wrong-password' && passwords.accepts(password)

  const contextOf = (session: Session): Context => ({
    session,
    sessions: () => [...clients.keys()],
    get db() {
      return databases[session.db] ?? db
    },
    databases,
    settings,
    counters,
    now,
    startedAt,
    replica: () => fault?.kind === 'read-only',
    passwords,
    accepts,
    sleep: (ms) => clock.sleep(ms, stopping.signal),
    usedMemory,
  })

  /** One command's reply on the wire; undefined when there is none to come. */
  const answer = async (session: Session, socket: Socket, words: readonly string[]): Promise<string | undefined> => {
    const name = words[0]?.toLowerCase() ?? ''
    if (fault?.kind === 'silent') return undefined
    if (fault?.kind === 'hangs-up') {
      socket.destroy()
      return undefined
    }
    if (fault?.kind === 'slow') await clock.sleep(fault.ms, stopping.signal)
    log.push(name)
    const hook = hooks.get(name)
    if (hook) {
      hooks.delete(name)
      hook()
    }
    const refused = fault?.kind === 'refuses' && fault.commands.includes(name) ? { error: fault.words } : undefined
    const bytes = encode(refused ?? (await execute(words, contextOf(session), rules)), session.protocol)
    if (fault?.kind !== 'dies-mid-reply' || greetings.has(name)) return bytes
    socket.write(bytes.slice(0, Math.max(1, bytes.length >> 1)), 'latin1', () => socket.destroy())
    return undefined
  }

  const serve = (socket: Socket) => {
    socket.setNoDelay(true)
    if (fault?.kind === 'protected' || fault?.kind === 'full') {
      socket.on('error', () => {})
      socket.resume().end(`-${turnsAway[fault.kind]}\r\n`)
      return
    }
    counters.connections++
    const session: Session = {
      id: nextId++,
      address: `${socket.remoteAddress}:${socket.remotePort}`,
      since: now(),
      authenticated: fault?.kind !== 'wrong-password' && passwords.open(),
      protocol: 2,
      db: 0,
      name: '',
      noEvict: false,
      last: '',
      queue: undefined,
      spoiled: false,
      watched: new Map(),
      closing: false,
    }
    clients.set(session, socket)
    const decode = createDecoder()
    let busy: Promise<void> = Promise.resolve()
    socket.on('data', (chunk) => {
      busy = busy.then(async () => {
        // One write for all that a chunk asked: a pipeline of thousands is answered as fast as it came.
        const replies: string[] = []
        const flush = () => replies.length > 0 && !socket.destroyed && socket.write(replies.splice(0).join(''), 'latin1')
        try {
          for (const words of decode(chunk)) {
            if (socket.destroyed || session.closing) break
            const reply = await answer(session, socket, words)
            if (reply !== undefined) replies.push(reply)
          }
          flush()
          if (session.closing) socket.end()
        } catch (error) {
          if (stopping.signal.aborted) return
          if (!(error instanceof ProtocolError)) throw error
          flush()
          socket.end(encode({ error: `ERR Protocol error: ${error.message}` }, 2), 'latin1')
        }
      })
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => clients.delete(session))
  }

  const listener = createServer(serve)
  listener.listen(options.port ?? 0, '127.0.0.1')
  await once(listener, 'listening')
  const address = listener.address()
  const port = typeof address === 'object' && address ? address.port : 0

  return {
    host: '127.0.0.1',
    port,
    settings,
    counters,
    /** Names of the commands that arrived since the last reset, in order. */
    log: log as readonly string[],
    /** The first database, for tests that look at or change the world. */
    store: {
      keys: db.keys,
      get: (key: string): Value | undefined => db.peek(key)?.value,
      /** Unix milliseconds. */
      expiresAt: (key: string): number | undefined => db.peek(key)?.expiresAt,
      /** What the application does: a string, with a life in milliseconds. */
      set: (key: string, text: string, ttl?: number): void =>
        db.put(key, { type: 'string', text }, ttl === undefined ? undefined : now() + ttl),
      put: (key: string, value: Value): void => db.put(key, value),
      delete: (key: string): boolean => db.remove(key),
      /** As somebody who reads it: it is evicted after those that nobody has read since. */
      touch: (key: string): void => void db.get(key),
    },
    /** Bytes in use, as INFO tells them. */
    memory: usedMemory,
    /** Every key with its value and expiry, for comparing worlds. */
    snapshot: (): Readonly<Record<string, string>> =>
      Object.fromEntries(
        [...db.keys()].sort().map((key) => {
          const entry = db.peek(key)
          const plain = (_: string, value: unknown) => (value instanceof Map || value instanceof Set ? [...value] : value)
          return [key, JSON.stringify([entry?.value, entry?.expiresAt], plain)]
        }),
      ),
    reset: (): void => {
      for (const socket of clients.values()) socket.destroy()
      reset()
    },
    /** A worker of the application lives until the signal, as asynq shows one here; `works`: it takes tasks and ends them. */
    work: (host: string, signal: AbortSignal, works: boolean): void =>
      runWorker(db, { host, now, signal: AbortSignal.any([signal, stopping.signal]), works }),
    /** Whether a login with this password is let in now. */
    accepts,
    /** As its process starts with this password, and with what is in this claim's volume, an unknown one's being empty: whoever is connected is not any more, and no other password is known. */
    startWith: (password: string, claim?: string): void => {
      if (claim !== undefined && claim !== mounted) {
        volumes.set(mounted, db.take())
        db.give(volumes.get(claim) ?? [])
        mounted = claim
        // Another process on another machine: what ailed the former one stays with it.
        fault = undefined
      }
      settings.set('requirepass', password)
      passwords.only(password)
      for (const socket of clients.values()) socket.destroy()
    },
    fail: (next: RedisFault | undefined): void => {
      fault = next
    },
    /** Runs once, just before the next command of that name: how a test writes between a scan and a delete. */
    before: (command: string, act: () => void): void => void hooks.set(command.toLowerCase(), act),
    stop: async (): Promise<void> => {
      stopping.abort()
      for (const socket of clients.values()) socket.destroy()
      await new Promise<void>((resolve) => listener.close(() => resolve()))
    },
  }
}
