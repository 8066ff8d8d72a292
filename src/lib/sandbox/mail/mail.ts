import { createServer, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { tell } from '../asked.ts'
import type { Identity } from '../certificates.ts'
import { mail as facts } from '../deployment/facts.ts'
import { planted } from '../deployment/planted.ts'
import { listenOnLoopback } from '../loopback.ts'
import { envelopes, hangUp, type TakenMessage } from './envelope.ts'
import { type NameServer, startNameServer } from './name-server.ts'

export interface MailSandbox {
  /** Takes mail from whoever logs in, over STARTTLS alone. */
  readonly port: number
  /** What DNS says of the sender. */
  readonly names: NameServer
  /** What it does in the place of the right thing: hangs up, says nothing, is too busy, is no mail server, has no TLS, speaks before the handshake or says nothing to it, has no login or one by turns alone, cannot ask who may log in, says nothing to a login, refuses the receiver or the whole message, takes a message and hangs up. */
  trouble:
    | 'none'
    | 'reset'
    | 'silence'
    | 'busy'
    | 'no smtp'
    | 'no tls'
    | 'early words'
    | 'handshake unanswered'
    | 'no login'
    | 'login by turns'
    | 'login put off'
    | 'login unanswered'
    | 'receiver refused'
    | 'message refused'
    | 'lost after the message'
  /** Its password; another one refuses the deployment's. */
  password: string
  /** Passwords that let in beside it: whoever makes a second one has not revoked the first. */
  readonly beside: Set<string>
  /** What it shows from the next connection on; undefined: its first. */
  identity: Identity | undefined
  /** How many were let in. */
  readonly logins: () => number
  /** What was handed over, and not called back. */
  readonly taken: readonly TakenMessage[]
  /** Whatever a client said before TLS that looks like a login. */
  readonly inClear: readonly string[]
  reset(): void
  stop(): Promise<void>
}

/** A submission server: greeting, STARTTLS, EHLO, AUTH, and one message after another, which go nowhere. */
export const startMail = async (identity: Identity): Promise<MailSandbox> => {
  const sockets = new Set<Socket>()
  const inClear: string[] = []
  const taken: TakenMessage[] = []
  let logins = 0

  const serve = (socket: Socket): void => {
    const { trouble } = state
    if (trouble === 'reset') return void socket.destroy()
    if (trouble === 'silence') return
    if (trouble === 'no smtp') return void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
    socket.write(trouble === 'busy' ? '421 4.3.2 too many connections\r\n' : '220 smtp.sandbox ESMTP ready\r\n')
    lines(socket, 'plain')
  }

  const lines = (socket: Socket, over: 'plain' | 'tls'): void => {
    let text = ''
    /** What the next line is, where the client was asked for it. */
    let asked: ((line: string) => string) | undefined
    const envelope = envelopes((message) => {
      taken.push(message)
      tell(() => ({ system: 'mail', said: message.to.join(' '), changes: true }))
    })
    const read = (chunk: Buffer) => {
      text += chunk.toString('latin1')
      for (let at = text.indexOf('\r\n'); at >= 0; at = text.indexOf('\r\n')) {
        const line = text.slice(0, at)
        text = text.slice(at + 2)
        if (over === 'plain' && /^AUTH/i.test(line)) inClear.push(line)
        if (/^STARTTLS$/i.test(line) && over === 'plain' && state.trouble !== 'no tls') {
          socket.removeListener('data', read)
          socket.write(`220 go on\r\n${state.trouble === 'early words' ? '250 injected\r\n' : ''}`)
          return encrypt(socket)
        }
        const answer =
          asked === undefined ? ((over === 'tls' ? envelope(line, state.trouble) : undefined) ?? command(line, over)) : asked(line)
        if (answer === hangUp) return void socket.destroy()
        if (answer.startsWith('235')) envelope('AUTH', state.trouble)
        const next = /^334 /.test(answer) && asked === undefined ? turns() : undefined
        asked = answer.startsWith('334 ') ? (next ?? asked) : undefined
        if (answer !== '') socket.write(`${answer}\r\n`)
        if (answer.startsWith('221')) socket.end()
      }
    }
    socket.on('data', read)
  }

  const encrypt = (socket: Socket): void => {
    if (state.trouble === 'handshake unanswered') return
    const { certificate: cert, key } = state.identity ?? identity
    const over = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext({ cert, key }) })
    over.on('error', () => socket.destroy())
    lines(over, 'tls')
  }

  const command = (line: string, over: 'plain' | 'tls'): string => {
    const [, verb = '', rest = ''] = /^(\S+) ?(.*)$/.exec(line) ?? []
    switch (verb.toUpperCase()) {
      case 'EHLO': {
        const login =
          over === 'plain' || state.trouble === 'no login' ? [] : [state.trouble === 'login by turns' ? 'AUTH LOGIN' : 'AUTH PLAIN LOGIN']
        const offers = ['smtp.sandbox', 'SIZE 71000000', ...(over === 'plain' && state.trouble !== 'no tls' ? ['STARTTLS'] : []), ...login]
        return offers.map((one, i) => `250${i === offers.length - 1 ? ' ' : '-'}${one}`).join('\r\n')
      }
      case 'AUTH': {
        const [mechanism = '', initial] = rest.split(' ')
        if (over === 'plain') return '538 5.7.11 Encryption required for requested authentication mechanism'
        if (state.trouble === 'login unanswered') return ''
        if (state.trouble === 'login put off') return '454 4.7.0 Temporary authentication failure'
        if (mechanism.toUpperCase() === 'LOGIN') return '334 VXNlcm5hbWU6'
        if (initial === undefined || state.trouble === 'login by turns') return '504 5.5.4 Unrecognized authentication type'
        const [, user, password] = Buffer.from(initial, 'base64').toString().split('\0')
        return judge(user, password)
      }
      case 'QUIT':
        return '221 2.0.0 bye'
      case 'NOOP':
        return '250 2.0.0 OK'
      case 'MAIL':
        return '530 5.7.0 Authentication required'
      default:
        return '502 5.5.2 not here'
    }
  }

  /** First the name, then the password, each by itself. */
  const turns = () => {
    let user: string | undefined
    return (line: string): string => {
      const said = Buffer.from(line, 'base64').toString()
      if (user !== undefined) return judge(user, said)
      user = said
      return '334 UGFzc3dvcmQ6'
    }
  }

  const judge = (user: string | undefined, password: string | undefined): string => {
    if (user !== facts.user || (password !== state.password && !state.beside.has(password ?? '')))
      return '535 5.7.8 Incorrect username or password (use an app password)'
    logins++
    return '235 2.0.0 OK'
  }

  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket)).on('error', () => {})
    serve(socket)
  })
  const names = await startNameServer()
  const first = () => ({ trouble: 'none' as const, password: planted.emailHostPassword, identity: undefined })
  const state: MailSandbox = {
    ...first(),
    beside: new Set(),
    port: await listenOnLoopback(server),
    names,
    logins: () => logins,
    taken,
    inClear,
    reset() {
      Object.assign(state, first())
      inClear.length = 0
      state.beside.clear()
      taken.length = 0
      logins = 0
      names.reset()
    },
    async stop() {
      for (const socket of sockets) socket.destroy()
      await Promise.all([new Promise((resolve) => server.close(resolve)), names.stop()])
    },
  }
  return state
}
