import { type Commands, type Context, integer, Refusal, type Session } from '../command.ts'
import { ok, type Reply } from '../protocol.ts'

const wrongPassword = () => new Refusal('WRONGPASS invalid username-password pair or user is disabled.')

const authenticate = (user: string, password: string, context: Context): void => {
  if (user !== 'default' || !context.accepts(password)) throw wrongPassword()
  context.session.authenticated = true
}

const auth = (args: readonly string[], context: Context): Reply => {
  if (args.length > 2) throw new Refusal('ERR syntax error')
  if (args.length === 1 && context.passwords.open()) {
    throw new Refusal(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    )
  }
  const [user, password] = args.length === 2 ? args : ['default', args[0]]
  authenticate(user ?? '', password ?? '', context)
  return ok
}

const hello = (args: readonly string[], context: Context): Reply => {
  const { session } = context
  const version = args.length === 0 ? session.protocol : Number(args[0])
  if (Number.isNaN(version)) throw new Refusal('ERR Protocol version is not an integer or out of range')
  if (version !== 2 && version !== 3) throw new Refusal('NOPROTO unsupported protocol version')
  for (let i = 1; i < args.length; i++) {
    const word = args[i]?.toUpperCase()
    if (word === 'AUTH' && i + 2 < args.length) {
      authenticate(args[i + 1] ?? '', args[i + 2] ?? '', context)
      i += 2
    } else if (word === 'SETNAME' && i + 1 < args.length) session.name = args[++i] ?? ''
    else throw new Refusal(`ERR Syntax error in HELLO option '${args[i]}'`)
  }
  if (!session.authenticated) {
    throw new Refusal(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  }
  session.protocol = version
  return {
    map: [
      ['server', 'redis'],
      ['version', '7.0.15'],
      ['proto', version],
      ['id', session.id],
      ['mode', 'standalone'],
      ['role', context.replica() ? 'replica' : 'master'],
      ['modules', []],
    ],
  }
}

const described = (session: Session, now: number): string =>
  `id=${session.id} addr=${session.address} laddr=127.0.0.1:6379 fd=8 name=${session.name} age=${Math.floor((now - session.since) / 1000)} idle=0 ` +
  `flags=N db=${session.db} sub=0 psub=0 ssub=0 multi=${session.queue?.length ?? -1} qbuf=26 qbuf-free=20448 argv-mem=10 multi-mem=0 rbs=1024 rbp=0 ` +
  `obl=0 oll=0 omem=0 tot-mem=22298 events=r cmd=${session.last} user=default redir=-1 resp=${session.protocol}`

const client = ([word = '', ...args]: readonly string[], { session, sessions, now }: Context): Reply => {
  switch (word.toLowerCase()) {
    case 'id':
      return session.id
    case 'getname':
      return session.name || null
    case 'setname':
      if (/[^!-~]/.test(args[0] ?? '')) throw new Refusal('ERR Client names cannot contain spaces, newlines or special characters.')
      session.name = args[0] ?? ''
      return ok
    case 'list':
      return sessions()
        .map((each) => `${described(each, now())}\n`)
        .join('')
    case 'info':
      return `${described(session, now())}\n`
    case 'no-evict':
      if (!/^(on|off)$/i.test(args[0] ?? '')) throw new Refusal('ERR syntax error')
      session.noEvict = args[0]?.toLowerCase() === 'on'
      return ok
    // SETINFO and NO-TOUCH came with 7.2; a 7.0 answers like this, and its clients live with it.
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try CLIENT HELP.`)
  }
}

export const connection: Commands = {
  auth: { arity: -2, open: true, run: auth },
  hello: { arity: -1, open: true, run: hello },
  ping: { arity: -1, run: ([message]) => message ?? { status: 'PONG' } },
  echo: { arity: 2, run: ([message = '']) => message },
  quit: {
    arity: -1,
    open: true,
    run: (_, { session }) => {
      session.closing = true
      return ok
    },
  },
  reset: {
    arity: 1,
    open: true,
    run: (_, context) => {
      const { session } = context
      Object.assign(session, { db: 0, protocol: 2, name: '', queue: undefined, authenticated: context.passwords.open() })
      return { status: 'RESET' }
    },
  },
  select: {
    arity: 2,
    run: ([index], { session, databases }) => {
      const db = integer(index)
      if (db < 0 || db >= databases.length) throw new Refusal('ERR DB index is out of range')
      session.db = db
      return ok
    },
  },
  client: { arity: -2, run: client },
}
