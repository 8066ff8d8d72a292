import { type Commands, type Context, integer, Refusal, read, syntax } from '../command.ts'
import { ok, type Reply } from '../protocol.ts'

const expiryUnits: Readonly<Record<string, (n: number, now: number) => number>> = {
  EX: (n, now) => now + n * 1000,
  PX: (n, now) => now + n,
  EXAT: (n) => n * 1000,
  PXAT: (n) => n,
}

const expiry = (unit: (n: number, now: number) => number, text: string | undefined, command: string, now: number): number => {
  const n = integer(text)
  if (n <= 0) throw new Refusal(`ERR invalid expire time in '${command}' command`)
  return unit(n, now)
}

const text = (context: Context, key: string): string | null => read(context, key, 'string')?.text ?? null

const set = (args: readonly string[], context: Context): Reply => {
  const [key = '', value = '', ...options] = args
  let expiresAt: number | undefined
  let only: 'NX' | 'XX' | undefined
  let keep = false
  let answerOld = false
  for (let i = 0; i < options.length; i++) {
    const option = options[i]?.toUpperCase() ?? ''
    const unit = expiryUnits[option]
    if (unit && expiresAt === undefined && !keep) expiresAt = expiry(unit, options[++i], 'set', context.now())
    else if ((option === 'NX' || option === 'XX') && only === undefined) only = option
    else if (option === 'KEEPTTL' && expiresAt === undefined) keep = true
    else if (option === 'GET') answerOld = true
    else throw syntax()
  }
  const before = context.db.peek(key)
  const old = answerOld ? text(context, key) : null
  if ((only === 'NX' && before) || (only === 'XX' && !before)) return old
  context.db.put(key, { type: 'string', text: value }, keep ? before?.expiresAt : expiresAt)
  return answerOld ? old : ok
}

const setFor =
  (unit: 'EX' | 'PX', name: string) =>
  (args: readonly string[], context: Context): Reply => {
    const [key = '', time, value = ''] = args
    context.db.put(key, { type: 'string', text: value }, expiry(expiryUnits[unit] ?? ((n: number) => n), time, name, context.now()))
    return ok
  }

const add = (key: string, by: number, context: Context): Reply => {
  const next = integer(read(context, key, 'string')?.text ?? '0') + by
  context.db.put(key, { type: 'string', text: String(next) }, context.db.peek(key)?.expiresAt)
  return next
}

export const strings: Commands = {
  get: { arity: 2, run: ([key = ''], context) => text(context, key) },
  getdel: {
    arity: 2,
    write: true,
    run: ([key = ''], context) => {
      const found = text(context, key)
      context.db.remove(key)
      return found
    },
  },
  set: { arity: -3, write: true, grows: true, run: set },
  setex: { arity: 4, write: true, grows: true, run: setFor('EX', 'setex') },
  psetex: { arity: 4, write: true, grows: true, run: setFor('PX', 'psetex') },
  setnx: {
    arity: 3,
    write: true,
    grows: true,
    run: ([key = '', value = ''], { db }) => {
      if (db.peek(key)) return 0
      db.put(key, { type: 'string', text: value })
      return 1
    },
  },
  mget: {
    arity: -2,
    run: (keys, { db, counters }) =>
      keys.map((key) => {
        const value = db.get(key)?.value
        if (value?.type === 'string') counters.hits++
        else counters.misses++
        return value?.type === 'string' ? value.text : null
      }),
  },
  mset: {
    arity: -3,
    write: true,
    grows: true,
    run: (args, { db }) => {
      if (args.length % 2 !== 0) throw new Refusal("ERR wrong number of arguments for 'mset' command")
      for (let i = 0; i < args.length; i += 2) db.put(args[i] ?? '', { type: 'string', text: args[i + 1] ?? '' })
      return ok
    },
  },
  strlen: { arity: 2, run: ([key = ''], context) => text(context, key)?.length ?? 0 },
  incr: { arity: 2, write: true, grows: true, run: ([key = ''], context) => add(key, 1, context) },
  decr: { arity: 2, write: true, grows: true, run: ([key = ''], context) => add(key, -1, context) },
  incrby: { arity: 3, write: true, grows: true, run: ([key = '', by], context) => add(key, integer(by), context) },
  append: {
    arity: 3,
    write: true,
    grows: true,
    run: ([key = '', more = ''], context) => {
      const joined = (text(context, key) ?? '') + more
      context.db.put(key, { type: 'string', text: joined }, context.db.peek(key)?.expiresAt)
      return joined.length
    },
  },
}
