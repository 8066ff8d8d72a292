import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { endAfter } from '../clock.ts'
import { gooseUp } from './goose.ts'
import { type Laying, lay } from './lay.ts'
import { type Measured, measuring } from './measure.ts'
import { type Role, restrictedLogin, scratchDatabase, settle } from './restricted.ts'
import type { Server } from './server.ts'
import { confinedServers, type Servers } from './servers.ts'

export interface Attempt {
  /** The live role: the files run with a name and rights like its own. */
  readonly user: string
  /** The other roles of the live server. */
  readonly roles?: readonly Role[]
  /** Statements that lay the schema that the files find, in any order. */
  readonly schema?: readonly Laying[]
  /** Of the live role's sessions. */
  readonly searchPath?: string
  /** What comes after it. */
  readonly before: readonly string[]
  readonly files: readonly { readonly name: string; readonly text: string }[]
  /** One query over what they leave. */
  readonly ask: string
  /** Watch what each statement does. */
  readonly measure?: boolean
}

export interface Attempted {
  /** goose's exit code. */
  readonly code: number
  /** goose's log. */
  readonly lines: readonly string[]
  readonly rows: readonly unknown[]
  /** Of each statement that ran and could be watched. */
  readonly measured: readonly Measured[]
  /** Why it was ended before goose had an answer: too long, too large. */
  readonly ended?: string
}

export interface ScratchOptions {
  readonly servers?: Servers
  /** Ends what runs, and the server with it. */
  readonly signal?: AbortSignal
  /** For one attempt, in milliseconds. */
  readonly within?: number
  /** Of all that an attempt may store, in bytes. */
  readonly room?: number
  /** Told at the start of each attempt. */
  readonly tell?: (what: string) => void
}

/** A PostgreSQL of our own, with an empty database for each attempt; up at the first one. Everything foreign is run by a login without rights on the machine. */
export const scratchServer = (options: ScratchOptions = {}) => {
  const { servers = confinedServers, signal = new AbortController().signal, within = 60_000, room = 512 * 1024 * 1024, tell } = options
  let starting: Promise<Server> | undefined
  let leaving: Promise<unknown> = Promise.resolve()
  let turn: Promise<unknown> = Promise.resolve()
  const done = new Map<string, Promise<Attempted>>()

  const attempt = async (wanted: Attempt): Promise<Attempted> => {
    signal.throwIfAborted()
    tell?.(
      `Trying ${wanted.files.length} migration files on a private PostgreSQL of this machine; it ends within ${within / 1000} s, or at Ctrl-C`,
    )
    starting ??= servers.take()
    const going = starting
    const bounds = limited({ signal, within })
    try {
      return await Promise.race([perform(await Promise.race([going, bounds.ended]), wanted, { ...bounds, room }), bounds.ended])
    } catch (error) {
      // The server goes with what runs on it: nothing else ends a loop for sure.
      starting = undefined
      leaving = going.then((server) => server.stop()).catch(() => {})
      if (error instanceof Unanswered) return { code: 1, lines: [], rows: [], measured: [], ended: error.message }
      throw error
    } finally {
      bounds.release()
    }
  }
  return {
    /** What was attempted once has its answer: a plan's second look asks for the same. One at a time. */
    attempt: (wanted: Attempt): Promise<Attempted> => {
      const key = JSON.stringify(wanted)
      const known = done.get(key)
      if (known) return known
      const mine = turn.then(() => attempt(wanted))
      turn = mine.catch(() => done.delete(key))
      done.set(key, mine)
      return mine
    },
    stop: async () => {
      const server = await starting?.catch(() => undefined)
      if (server) await servers.leave(server)
      await leaving
    },
  }
}

/** An attempt could not come to its end. */
class Unanswered extends Error {
  override readonly name = 'Unanswered'
}

interface Bounds {
  /** Aborted when the attempt has to end. */
  readonly limit: AbortSignal
  /** Rejects with the reason. */
  readonly ended: Promise<never>
  end(because: string): void
  release(): void
}

const limited = ({ signal, within }: { readonly signal: AbortSignal; readonly within: number }): Bounds => {
  const control = new AbortController()
  const onSignal = () => control.abort(signal.reason)
  signal.addEventListener('abort', onSignal, { once: true })
  if (signal.aborted) onSignal()
  const timer = endAfter(within)
  const onTimer = () => control.abort(new Unanswered(`it ran for more than ${within / 1000} s`))
  timer.addEventListener('abort', onTimer, { once: true })
  const ended = new Promise<never>((_, reject) => {
    control.signal.addEventListener('abort', () => reject(control.signal.reason), { once: true })
    if (control.signal.aborted) reject(control.signal.reason)
  })
  ended.catch(() => {})
  return {
    limit: control.signal,
    ended,
    end: (because) => control.abort(new Unanswered(because)),
    release: () => {
      signal.removeEventListener('abort', onSignal)
      timer.removeEventListener('abort', onTimer)
    },
  }
}

const perform = async (
  server: Server,
  { user, roles = [], schema = [], searchPath = 'public', before, files, ask, measure = false }: Attempt,
  bounds: Bounds & { readonly room: number },
): Promise<Attempted> => {
  const login = await restrictedLogin(server, user, roles)
  const client = await server.login(login, scratchDatabase)
  const watching = new AbortController()
  let beside: Client | undefined
  const room = watchRoom(server.admin, bounds, watching.signal)
  try {
    const unlaid = schema.length === 0 ? [] : await lay(client, schema)
    if (unlaid.length > 0) throw new Unanswered(`the live schema could not be laid: ${unlaid.slice(0, 3).join('; ')}`)
    await settle(server, login, roles)
    await client.query("SELECT set_config('search_path', $1, false)", [searchPath])
    for (const statement of before.length === 0 ? [] : ['BEGIN', ...before, 'COMMIT']) await client.query(statement)
    const lines: string[] = []
    const named = files.map(({ name, text }) => ({ name, sql: text }))
    // goose refuses an empty folder; here nothing is asked of it then.
    beside = measure ? await server.login(login, scratchDatabase) : undefined
    const watched = beside && (await measuring(client, beside))
    const measured: Measured[] = []
    const after = async (file: string, at: number) => {
      try {
        const one = await watched?.look(file, at)
        if (one) measured.push(one)
      } catch (error) {
        // Asked in its transaction, a question that fails ends that too: what goose says afterwards is no word about the file.
        bounds.end(`what its statements do could not be read: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
    const log = (line: string) => void lines.push(line)
    const code = named.length === 0 ? 0 : await gooseUp({ client, files: named, log, signal: bounds.limit, after })
    const [, lack] = /\(SQLSTATE (53\w{3})\)$/.exec(lines.at(-1) ?? '') ?? []
    if (code !== 0 && lack !== undefined) throw new Unanswered(`the private server has too little for it (SQLSTATE ${lack})`)
    // By the same login: what the files left may shadow what a question calls.
    const reader = await server.login(login, scratchDatabase)
    try {
      return { code, lines, measured, rows: (await reader.query(ask)).rows }
    } finally {
      await reader.end().catch(() => {})
    }
  } finally {
    watching.abort()
    await room
    await beside?.end().catch(() => {})
    await client.end().catch(() => {})
  }
}

/** Looks twice a second at what is stored, until the signal. */
const watchRoom = async (admin: Client, { room, end }: Bounds & { readonly room: number }, until: AbortSignal): Promise<void> => {
  while (!until.aborted) {
    await sleep(500, undefined, { signal: until }).catch(() => {})
    if (until.aborted) return
    const { rows } = await admin
      .query<{ bytes: string }>('SELECT sum(pg_database_size(oid)) AS bytes FROM pg_database')
      .catch(() => ({ rows: [] }))
    if (Number(rows[0]?.bytes ?? 0) > room) return end(`it stored more than ${room / 1024 / 1024} MB`)
  }
}
