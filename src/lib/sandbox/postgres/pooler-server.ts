import { connect } from 'node:net'
import { type Keys, scramClient } from './scram.ts'
import { cancelRequest, int32, type Message, message, splitter, startup, textAt, texts } from './wire.ts'

/** What becomes of the server's answer to a Parse or a Close: the client gets it, gets none, or is told that its statement is parsed. */
export interface Awaited {
  readonly give: 'same' | 'nothing' | 'parsed'
  /** The prepared statement that there is from then on, unless the server refuses it. */
  readonly makes?: string
}

interface Borrower {
  message(part: Message): void
  lost(): void
}

export interface ServerConnection {
  readonly closed: boolean
  /** Names of prepared statements that exist in this server session, the one that was used last at the end. */
  readonly prepared: Set<string>
  /** Sets the tracked settings in which the borrower differs from what the last one left. */
  adopt(wishes: ReadonlyMap<string, string>): Promise<void>
  lend(borrower: Borrower | undefined): void
  send(part: Message, awaited?: Awaited): void
  cancel(): void
  close(): void
}

interface Login {
  /** A port of 127.0.0.1, or the path of a Unix socket. */
  readonly at: number | string
  /** Before a borrower names its own. */
  readonly application: string
  readonly user: string
  readonly database: string
  readonly keys: Keys
  /** Called once when the connection has ended. */
  closed(): void
}

/** One connection of the pool, logged in with the keys that the client's own login revealed. Rejects with the server's message. */
export const openServerConnection = (login: Login): Promise<ServerConnection> =>
  new Promise((resolve, reject) => {
    const socket = reach(login.at)
    socket.setNoDelay(true)
    const split = splitter()
    const scram = scramClient(login.keys)
    const current = new Map<string, string>()
    let identity = Buffer.alloc(8)
    let ready = false
    let over = false
    let borrower: Borrower | undefined
    let adopting: (() => void) | undefined
    /** In the order of the answers; "end" is where the server has answered everything before it. */
    const awaiting: (Awaited | 'end')[] = []

    const connection: ServerConnection = {
      get closed() {
        return over
      },
      prepared: new Set(),
      adopt: (wishes) => {
        const differing = [...wishes].filter(([name, value]) => current.get(name) !== value)
        if (differing.length === 0 || over) return Promise.resolve()
        const sql = differing.map(([name, value]) => `SET ${name}='${value.replaceAll("'", "''")}';`).join('')
        socket.write(message('Q', texts(sql)))
        return new Promise((done) => {
          adopting = done
        })
      },
      lend: (to) => {
        borrower = to
      },
      send: ({ type, body }, awaited) => {
        if (awaited) awaiting.push(awaited)
        if (type === 'Q' || type === 'S' || type === 'F') awaiting.push('end')
        socket.write(message(type, body))
      },
      cancel: () => {
        const asking = reach(login.at)
        asking.end(Buffer.concat([int32(16), int32(cancelRequest), identity]))
        asking.on('error', () => {})
      },
      close: () => void socket.destroy(),
    }

    const authenticate = ({ type, body }: Message): void => {
      if (type === 'E') {
        const text = fieldOf(body, 'M')
        return void socket.destroy(new Error(text))
      }
      if (type === 'K') identity = Buffer.from(body)
      if (type === 'Z') {
        ready = true
        resolve(connection)
        return
      }
      if (type !== 'R') return
      const kind = body.readInt32BE(0)
      if (kind === 10)
        socket.write(message('p', Buffer.concat([texts('SCRAM-SHA-256'), int32(scram.clientFirst.length), Buffer.from(scram.clientFirst)])))
      if (kind === 11) socket.write(message('p', scram.finish(body.toString('utf8', 4))))
    }

    /** The answer as the borrower is to get it. */
    const settled = (part: Message): Message | undefined => {
      if (part.type === 'Z') {
        // What is left unanswered came after an error: the server has done none of it.
        for (let one = awaiting.shift(); one !== undefined && one !== 'end'; one = awaiting.shift())
          if (one.makes !== undefined) connection.prepared.delete(one.makes)
        return part
      }
      const [next] = awaiting
      if ((part.type !== '1' && part.type !== '3') || next === undefined || next === 'end') return part
      awaiting.shift()
      if (next.give === 'nothing') return undefined
      return next.give === 'parsed' ? { type: '1', body: part.body } : part
    }

    socket.once('connect', () => socket.write(startup({ user: login.user, database: login.database, application_name: login.application })))
    socket.on('data', (chunk: Buffer) => {
      for (const part of split(chunk)) {
        if (part.type === 'S') {
          const name = textAt(part.body, 0)
          current.set(name.text, textAt(part.body, name.next).text)
        }
        if (!ready) authenticate(part)
        else if (adopting) {
          if (part.type !== 'Z') continue
          const done = adopting
          adopting = undefined
          done()
        } else {
          const answer = settled(part)
          if (answer) borrower?.message(answer)
        }
      }
    })
    socket.on('error', (error) => {
      if (!ready) reject(error)
    })
    socket.once('close', () => {
      over = true
      if (ready) login.closed()
      adopting?.()
      borrower?.lost()
      borrower = undefined
      reject(new Error('server closed the connection'))
    })
  })

const reach = (at: number | string) => (typeof at === 'number' ? connect(at, '127.0.0.1') : connect(at))

const fieldOf = (body: Buffer, field: string): string => {
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const value = textAt(body, at + 1)
    if (String.fromCharCode(body[at] ?? 0) === field) return value.text
    at = value.next
  }
  return 'unknown error'
}
