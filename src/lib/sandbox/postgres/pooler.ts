import { randomInt } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import type { Client } from 'pg'
import { poolerLogin } from './pooler-login.ts'
import { type Release, trackedBy, wishesOf } from './pooler-release.ts'
import { openServerConnection, type ServerConnection } from './pooler-server.ts'
import { forgetsStatements, renameStatements, type Statements } from './pooler-statements.ts'
import type { Keys } from './scram.ts'
import { cancelRequest, errorResponse, int32, type Message, message, splitter, startupParameters, textAt, texts } from './wire.ts'

export interface PoolerOptions {
  /** Its Unix socket. */
  readonly path: string
  /** PostgreSQL's TCP port on 127.0.0.1. */
  readonly serverPort: number
  /** A superuser's connection: PgBouncer's auth_query. */
  readonly admin: Client
  /** Server connections per user and database; Neon's is larger, the sandbox's PostgreSQL is small. */
  readonly poolSize: number
  readonly release: Release
}

export interface Pooler {
  /** What the server has of a role's password now; empty where there is none. */
  storedOf(user: string): Promise<string>
  /** Ends the server connections and with them what clients left behind in them. */
  recycle(): void
  cancel(packet: Buffer): void
  stop(): Promise<void>
}

interface Pool {
  readonly idle: ServerConnection[]
  readonly waiting: ((server: ServerConnection) => void)[]
  open: number
}

/** PgBouncer in transaction mode: it authenticates clients itself and lends them a server connection for one transaction at a time. */
export const startPooler = async (options: PoolerOptions): Promise<Pooler> => {
  const { release } = options
  const tracked = new Set(trackedBy(release).values())
  const pools = new Map<string, Pool>()
  /** By user, of the last login: with a new password, older clients too are lent connections that are opened with it. */
  const keysOf = new Map<string, Keys>()
  const clients = new Map<Socket, { readonly id: number; readonly secret: number; server?: ServerConnection }>()

  const borrow = async (key: string, user: string, database: string): Promise<ServerConnection> => {
    const pool = pools.get(key) ?? { idle: [], waiting: [], open: 0 }
    pools.set(key, pool)
    for (let server = pool.idle.pop(); server; server = pool.idle.pop()) if (!server.closed) return server
    if (pool.open >= options.poolSize) return new Promise((resolve) => pool.waiting.push(resolve))
    const keys = keysOf.get(user)
    if (!keys) throw new Error('server login failed')
    pool.open++
    try {
      return await openServerConnection({
        at: options.serverPort,
        application: 'pgbouncer',
        user,
        database,
        keys,
        closed: () => pool.open--,
      })
    } catch (error) {
      pool.open--
      throw error
    }
  }
  const giveBack = (key: string, server: ServerConnection): void => {
    const pool = pools.get(key)
    if (server.closed || !pool) {
      server.close()
      return
    }
    const next = pool.waiting.shift()
    // Nothing is reset between transactions: a session's locks and settings stay with the server connection.
    if (next) next(server)
    else pool.idle.push(server)
  }

  const serve = (socket: Socket, user: string, database: string, wishes: Map<string, string>): ((chunk: Buffer) => void) => {
    const key = `${user}\0${database}`
    const me: { readonly id: number; readonly secret: number; server?: ServerConnection } = {
      id: randomInt(1, 2 ** 31),
      secret: randomInt(1, 2 ** 31),
    }
    clients.set(socket, me)
    const statements: Statements = new Map()
    const split = splitter()
    const queue: Message[] = []
    let expected = 0
    let busy = false

    const fromServer = (part: Message): void => {
      if (part.type === 'S') {
        const name = textAt(part.body, 0)
        if (tracked.has(name.text)) wishes.set(name.text, textAt(part.body, name.next).text)
      }
      if (release !== '1.18' && forgetsStatements(part)) {
        statements.clear()
        me.server?.prepared.clear()
      }
      socket.write(message(part.type, part.body))
      if (part.type !== 'Z') return
      expected = Math.max(0, expected - 1)
      if (expected > 0 || part.body[0] !== 0x49 || !me.server) return
      const server = me.server
      delete me.server
      server.lend(undefined)
      giveBack(key, server)
    }
    const lost = (): void => {
      delete me.server
      socket.end(errorResponse('08P01', 'server conn crashed?'))
    }
    const work = async (): Promise<void> => {
      if (busy) return
      busy = true
      try {
        for (let next = queue.shift(); next; next = queue.shift()) {
          if (next.type === 'X') return void socket.end()
          if (!me.server) {
            const server = await borrow(key, user, database)
            if (socket.destroyed) return giveBack(key, server)
            await server.adopt(wishes)
            me.server = server
            server.lend({ message: fromServer, lost })
          }
          if (next.type === 'Q' || next.type === 'S' || next.type === 'F') expected++
          if (release === '1.18') me.server.send(next)
          else for (const { part, awaited } of renameStatements(next, statements, me.server)) me.server.send(part, awaited)
        }
      } catch (error) {
        socket.end(errorResponse('08P01', error instanceof Error ? error.message : 'server login failed'))
      } finally {
        busy = false
      }
    }
    socket.once('close', () => {
      clients.delete(socket)
      // A client that leaves inside a transaction costs the server connection; one that leaves between two does not.
      me.server?.close()
    })
    socket.write(message('R', int32(0)))
    for (const [name, value] of [...fixed, ...wishes]) socket.write(message('S', texts(name, value)))
    // Not pg_backend_pid(): the pooler's own number.
    socket.write(message('K', Buffer.concat([int32(me.id), int32(me.secret)])))
    socket.write(message('Z', 'I'))
    return (chunk) => {
      queue.push(...split(chunk))
      void work()
    }
  }

  const { login, storedOf } = poolerLogin(options.admin, release === '1.18')

  const cancel = (packet: Buffer): void => {
    for (const client of clients.values())
      if (client.id === packet.readInt32BE(8) && client.secret === packet.readInt32BE(12)) client.server?.cancel()
  }

  const asked = (parameters: ReadonlyMap<string, string>, socket: Socket): ReadonlyMap<string, string> | undefined => {
    try {
      return wishesOf(parameters, release)
    } catch (error) {
      socket.end(errorResponse('08P01', error instanceof Error ? error.message : String(error)))
      return undefined
    }
  }

  const settings = async (names: readonly string[]) => {
    const sql = 'SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)'
    const { rows } = await options.admin.query<{ name: string; value: string }>(sql, [names])
    return rows.map(({ name, value }): [string, string] => [name, value])
  }
  const fixed = await settings(['server_version', 'server_encoding', 'integer_datetimes'])
  /** What a client has that asks for nothing else. */
  const ofTheStart = new Map([...(await settings([...tracked])), ['client_encoding', 'UTF8'], ['application_name', '']])
  // 1.18 lends under the last borrower's name to a client that gives none.
  if (release === '1.18') ofTheStart.delete('application_name')
  const server = createServer((socket) => {
    let head = Buffer.alloc(0)
    let take: ((chunk: Buffer) => void) | undefined
    socket.on('error', () => socket.destroy())
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.on('data', (chunk: Buffer) => {
      try {
        if (take) return take(chunk)
        head = Buffer.concat([head, chunk])
        const length = head.length >= 4 ? head.readInt32BE(0) : undefined
        if (length === undefined || head.length < length) return
        if (length === 16 && head.readInt32BE(4) === cancelRequest) {
          cancel(head)
          return void socket.end()
        }
        const parameters = startupParameters(head.subarray(4, length))
        if (!parameters) return void socket.end(errorResponse('08P01', 'unsupported startup packet'))
        const wishes = asked(parameters, socket)
        if (!wishes) return
        take = login(socket, parameters, (keys, database) => {
          const user = parameters.get('user') ?? ''
          keysOf.set(user, keys)
          return serve(socket, user, database, new Map([...ofTheStart, ...wishes]))
        })
        if (head.length > length) take(head.subarray(length))
      } catch {
        socket.destroy()
      }
    })
  })
  const open = new Set<Socket>()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.path, resolve))
  const recycle = (): void => {
    for (const pool of pools.values()) for (const connection of pool.idle.splice(0)) connection.close()
  }
  return {
    storedOf,
    recycle,
    cancel,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of open) socket.destroy()
        recycle()
      }),
  }
}
