import { type Commands, type Context, Refusal } from '../command.ts'
import { glob } from '../glob.ts'
import { info } from '../info.ts'
import { ok, type Reply } from '../protocol.ts'
import { memorySize, policies } from '../settings.ts'

const config = ([word = '', ...args]: readonly string[], { settings, counters, passwords }: Context): Reply => {
  switch (word.toLowerCase()) {
    case 'get': {
      const matches = args.map((pattern) => glob(pattern.toLowerCase()))
      return { map: [...settings].filter(([name]) => matches.some((match) => match(name))) }
    }
    case 'set': {
      if (args.length < 2 || args.length % 2 !== 0) throw new Refusal("ERR wrong number of arguments for 'config|set' command")
      const wanted: [string, string][] = []
      for (let i = 0; i < args.length; i += 2) {
        const name = args[i]?.toLowerCase() ?? ''
        const value = args[i + 1] ?? ''
        const failed = (why: string) => new Refusal(`ERR CONFIG SET failed (possibly related to argument '${name}') - ${why}`)
        if (!settings.has(name)) throw new Refusal(`ERR Unknown option or number of arguments for CONFIG SET - '${args[i]}'`)
        const size = memorySize(value)
        if (name === 'maxmemory' && size === undefined) throw failed('argument must be a memory value')
        if (name === 'maxmemory-policy' && !policies.some((policy) => policy === value)) {
          throw failed(`argument(s) must be one of the following: ${policies.join(', ')}`)
        }
        wanted.push([name, name === 'maxmemory' ? String(size) : value])
      }
      for (const [name, value] of wanted) {
        settings.set(name, value)
        if (name === 'requirepass') passwords.only(value)
      }
      return ok
    }
    case 'resetstat':
      Object.assign(counters, { commands: 0, connections: 0, hits: 0, misses: 0, evicted: 0, errors: 0, refusals: {} })
      return ok
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try CONFIG HELP.`)
  }
}

const memory = ([word = '', key = '']: readonly string[], { db, usedMemory }: Context): Reply => {
  switch (word.toLowerCase()) {
    case 'usage':
      return db.peek(key)?.bytes ?? null
    case 'stats':
      return { map: [['total.allocated', usedMemory()]] }
    case 'doctor':
      return 'Sam, I detected no issues'
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try MEMORY HELP.`)
  }
}

const debug = async ([word = '', seconds = '0']: readonly string[], { sleep }: Context): Promise<Reply> => {
  if (word.toLowerCase() !== 'sleep') throw new Refusal(`ERR unknown subcommand '${word}'. Try DEBUG HELP.`)
  await sleep(Number(seconds) * 1000)
  return ok
}

const empty =
  (container: string, answers: Readonly<Record<string, Reply>>) =>
  ([word = '']: readonly string[]): Reply => {
    const answer = answers[word.toLowerCase()]
    if (answer === undefined) throw new Refusal(`ERR unknown subcommand '${word}'. Try ${container} HELP.`)
    return answer
  }

export const server: Commands = {
  info: { arity: -1, run: (sections, context) => info(sections, context) },
  config: { arity: -2, run: config },
  memory: { arity: -2, run: memory },
  debug: { arity: -2, run: debug },
  slowlog: { arity: -2, run: empty('SLOWLOG', { get: [], len: 0, reset: ok }) },
  latency: { arity: -2, run: empty('LATENCY', { latest: [], reset: 0, history: [], doctor: 'Dave, no latency spike was observed.' }) },
  time: {
    arity: 1,
    run: (_, { now }) => [String(Math.floor(now() / 1000)), String((now() % 1000) * 1000)],
  },
  lastsave: { arity: 1, run: (_, { startedAt }) => Math.floor(startedAt / 1000) },
  role: { arity: 1, run: (_, { replica }) => (replica() ? ['slave', '127.0.0.1', 6379, 'connect', -1] : ['master', 0, []]) },
  wait: { arity: 3, run: () => 0 },
}
