import { type Command, type Commands, type Context, integer, Refusal, syntax } from '../command.ts'
import { glob } from '../glob.ts'
import type { Entry, Value } from '../keyspace.ts'
import { ok, type Reply } from '../protocol.ts'

const remaining =
  (unit: number): Command['run'] =>
  ([key = ''], { db, now }) => {
    const entry = db.peek(key)
    if (!entry) return -2
    return entry.expiresAt === undefined ? -1 : Math.floor((entry.expiresAt - now() + (unit === 1000 ? 500 : 0)) / unit)
  }

const expiresAt =
  (unit: number): Command['run'] =>
  ([key = ''], { db }) => {
    const entry = db.peek(key)
    if (!entry) return -2
    return entry.expiresAt === undefined ? -1 : Math.floor((entry.expiresAt + (unit === 1000 ? 500 : 0)) / unit)
  }

const expire =
  (unit: number, absolute: boolean): Command['run'] =>
  ([key = '', time, ...options], { db, now }) => {
    const at = integer(time) * unit + (absolute ? 0 : now())
    const flags = options.map((option) => option.toUpperCase())
    const unknown = flags.find((flag) => !['NX', 'XX', 'GT', 'LT'].includes(flag))
    if (unknown) throw new Refusal(`ERR Unsupported option ${options[flags.indexOf(unknown)]}`)
    const entry = db.peek(key)
    if (!entry) return 0
    const old = entry.expiresAt
    if (flags.includes('NX') && old !== undefined) return 0
    if (flags.includes('XX') && old === undefined) return 0
    if (flags.includes('GT') && (old === undefined || at <= old)) return 0
    if (flags.includes('LT') && old !== undefined && at >= old) return 0
    if (at <= now()) db.remove(key)
    else {
      entry.expiresAt = at
      db.resized(key)
    }
    return 1
  }

const removeAll: Command['run'] = (keys, { db }) => keys.filter((key) => db.peek(key) && db.remove(key)).length

const encodingOf = (value: Value): string => {
  switch (value.type) {
    case 'string':
      return /^-?(0|[1-9]\d{0,18})$/.test(value.text) ? 'int' : value.text.length <= 44 ? 'embstr' : 'raw'
    case 'list':
      return value.items.length <= 128 ? 'listpack' : 'quicklist'
    case 'set':
      return [...value.members].every((member) => /^-?\d+$/.test(member)) && value.members.size <= 512 ? 'intset' : 'hashtable'
    case 'hash':
      return value.fields.size <= 128 ? 'listpack' : 'hashtable'
    case 'zset':
      return value.scores.size <= 128 ? 'listpack' : 'skiplist'
  }
}

const object = ([word = '', key = '']: readonly string[], { db, now, settings }: Context): Reply => {
  const found = (answer: (entry: Entry) => Reply): Reply => {
    const entry = db.peek(key)
    return entry ? answer(entry) : null
  }
  const lfu = settings.get('maxmemory-policy')?.endsWith('-lfu') ?? false
  switch (word.toLowerCase()) {
    case 'encoding':
      // Redis 7.0 calls every list a quicklist; listpack lists came with 7.2.
      return found((entry) => (entry.value.type === 'list' ? 'quicklist' : encodingOf(entry.value)))
    case 'idletime':
      if (lfu)
        throw new Refusal(
          'ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
        )
      return found((entry) => Math.floor((now() - entry.touched) / 1000))
    case 'freq':
      if (!lfu)
        throw new Refusal(
          'ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.',
        )
      return found(() => 5)
    case 'refcount':
      return found(() => 1)
    default:
      throw new Refusal(`ERR unknown subcommand '${word}'. Try OBJECT HELP.`)
  }
}

const scan = ([from, ...options]: readonly string[], { db }: Context): Reply => {
  if (from === undefined || !/^\d+$/.test(from)) throw new Refusal('ERR invalid cursor')
  let count = 10
  let matches: (key: string) => boolean = () => true
  let type: string | undefined
  for (let i = 0; i < options.length; i += 2) {
    const value = options[i + 1]
    if (value === undefined) throw syntax()
    switch (options[i]?.toUpperCase()) {
      case 'COUNT':
        count = integer(value)
        if (count < 1) throw syntax()
        break
      case 'MATCH':
        matches = glob(value)
        break
      case 'TYPE':
        type = value.toLowerCase()
        break
      default:
        throw syntax()
    }
  }
  const step = db.scan(Number(from), count)
  return [String(step.cursor), step.keys.filter((key) => matches(key) && (type === undefined || db.peek(key)?.value.type === type))]
}

const rename = ([from = '', to = '']: readonly string[], { db }: Context): Reply => {
  const entry = db.peek(from)
  if (!entry) throw new Refusal('ERR no such key')
  db.remove(from)
  db.put(to, entry.value, entry.expiresAt)
  return ok
}

export const keys: Commands = {
  del: { arity: -2, write: true, run: removeAll },
  unlink: { arity: -2, write: true, run: removeAll },
  exists: { arity: -2, run: (names, { db }) => names.filter((key) => db.peek(key)).length },
  touch: { arity: -2, run: (names, { db }) => names.filter((key) => db.get(key)).length },
  type: { arity: 2, run: ([key = ''], { db }) => ({ status: db.peek(key)?.value.type ?? 'none' }) },
  ttl: { arity: 2, run: remaining(1000) },
  pttl: { arity: 2, run: remaining(1) },
  expiretime: { arity: 2, run: expiresAt(1000) },
  pexpiretime: { arity: 2, run: expiresAt(1) },
  expire: { arity: -3, write: true, run: expire(1000, false) },
  pexpire: { arity: -3, write: true, run: expire(1, false) },
  expireat: { arity: -3, write: true, run: expire(1000, true) },
  pexpireat: { arity: -3, write: true, run: expire(1, true) },
  persist: {
    arity: 2,
    write: true,
    run: ([key = ''], { db }) => {
      const entry = db.peek(key)
      if (entry?.expiresAt === undefined) return 0
      entry.expiresAt = undefined
      db.resized(key)
      return 1
    },
  },
  rename: { arity: 3, write: true, run: rename },
  keys: { arity: 2, run: ([pattern = ''], { db }) => db.keys().filter(glob(pattern)) },
  scan: { arity: -2, run: scan },
  randomkey: { arity: 1, run: (_, { db }) => db.keys()[0] ?? null },
  dbsize: { arity: 1, run: (_, { db }) => db.size() },
  object: { arity: -2, run: object },
  flushdb: {
    arity: -1,
    write: true,
    run: (_, { db }) => {
      db.clear()
      return ok
    },
  },
  flushall: {
    arity: -1,
    write: true,
    run: (_, { databases }) => {
      for (const db of databases) db.clear()
      return ok
    },
  },
}
