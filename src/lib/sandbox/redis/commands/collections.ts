import { type Command, type Commands, type Context, change, float, integer, Refusal, range, read, syntax } from '../command.ts'
import type { Reply } from '../protocol.ts'

const pairs = (args: readonly string[]): [string, string][] => {
  const found: [string, string][] = []
  for (let i = 0; i + 1 < args.length; i += 2) found.push([args[i] ?? '', args[i + 1] ?? ''])
  return found
}

const push =
  (end: 'head' | 'tail'): Command['run'] =>
  ([key = '', ...items], context) =>
    change(context, key, { type: 'list', items: [] }, (list) => {
      for (const item of items) end === 'head' ? list.items.unshift(item) : list.items.push(item)
      return list.items.length
    })

const pop =
  (end: 'head' | 'tail'): Command['run'] =>
  ([key = ''], context) => {
    if (!read(context, key, 'list')) return null
    return change(context, key, { type: 'list', items: [] }, (list) => (end === 'head' ? list.items.shift() : list.items.pop()) ?? null)
  }

const sorted = (scores: ReadonlyMap<string, number>): [string, number][] =>
  [...scores].sort(([a, x], [b, y]) => x - y || (a < b ? -1 : a > b ? 1 : 0))

const withScores = (found: readonly (readonly [string, number])[], wanted: boolean): Reply =>
  wanted ? { scored: found } : found.map(([member]) => member)

const limit = (text = ''): ((score: number, low: boolean) => boolean) => {
  const open = text.startsWith('(')
  const edge = float(open ? text.slice(1) : text)
  return (score, low) => (low ? (open ? score > edge : score >= edge) : open ? score < edge : score <= edge)
}

const zadd: Command['run'] = ([key = '', ...rest], context) => {
  const flags = new Set<string>()
  let at = 0
  while (['NX', 'XX', 'GT', 'LT', 'CH'].includes(rest[at]?.toUpperCase() ?? '')) flags.add(rest[at++]?.toUpperCase() ?? '')
  const given = rest.slice(at)
  if (given.length === 0 || given.length % 2 !== 0) throw syntax()
  const members = pairs(given).map(([score, member]) => [member, float(score)] as const)
  return change(context, key, { type: 'zset', scores: new Map() }, ({ scores }) => {
    let counted = 0
    for (const [member, score] of members) {
      const old = scores.get(member)
      if ((flags.has('NX') && old !== undefined) || (flags.has('XX') && old === undefined)) continue
      if (old === undefined || (flags.has('CH') && old !== score)) counted++
      scores.set(member, score)
    }
    return counted
  })
}

const zrangebyscore: Command['run'] = ([key = '', min, max, ...options], context) => {
  const low = limit(min)
  const high = limit(max)
  const upper = options.map((option) => option.toUpperCase())
  const from = upper.indexOf('LIMIT')
  let found = sorted(read(context, key, 'zset')?.scores ?? new Map()).filter(([, score]) => low(score, true) && high(score, false))
  if (from >= 0)
    found = found.slice(integer(options[from + 1])).slice(0, integer(options[from + 2]) < 0 ? undefined : integer(options[from + 2]))
  return withScores(found, upper.includes('WITHSCORES'))
}

/** Takes these members away, and says how many they were. */
const removed = (context: Context, key: string, chosen: (found: readonly [string, number][]) => readonly [string, number][]): number => {
  const found = read(context, key, 'zset')
  if (!found) return 0
  return change(context, key, found, ({ scores }) => chosen(sorted(scores)).filter(([member]) => scores.delete(member)).length)
}

const hashes: Commands = {
  hset: {
    arity: -4,
    write: true,
    grows: true,
    run: ([key = '', ...args], context) => {
      if (args.length % 2 !== 0) throw new Refusal("ERR wrong number of arguments for 'hset' command")
      return change(context, key, { type: 'hash', fields: new Map() }, ({ fields }) => {
        const before = fields.size
        for (const [field, value] of pairs(args)) fields.set(field, value)
        return fields.size - before
      })
    },
  },
  hget: { arity: 3, run: ([key = '', field = ''], context) => read(context, key, 'hash')?.fields.get(field) ?? null },
  hmget: { arity: -3, run: ([key = '', ...names], context) => names.map((name) => read(context, key, 'hash')?.fields.get(name) ?? null) },
  hgetall: { arity: 2, run: ([key = ''], context) => ({ map: [...(read(context, key, 'hash')?.fields ?? [])] }) },
  hkeys: { arity: 2, run: ([key = ''], context) => [...(read(context, key, 'hash')?.fields.keys() ?? [])] },
  hvals: { arity: 2, run: ([key = ''], context) => [...(read(context, key, 'hash')?.fields.values() ?? [])] },
  hlen: { arity: 2, run: ([key = ''], context) => read(context, key, 'hash')?.fields.size ?? 0 },
  hexists: { arity: 3, run: ([key = '', field = ''], context) => (read(context, key, 'hash')?.fields.has(field) ? 1 : 0) },
  hdel: {
    arity: -3,
    write: true,
    run: ([key = '', ...names], context) => {
      if (!read(context, key, 'hash')) return 0
      return change(context, key, { type: 'hash', fields: new Map() }, ({ fields }) => names.filter((name) => fields.delete(name)).length)
    },
  },
}

const lists: Commands = {
  lpush: { arity: -3, write: true, grows: true, run: push('head') },
  rpush: { arity: -3, write: true, grows: true, run: push('tail') },
  lpop: { arity: 2, write: true, run: pop('head') },
  rpop: { arity: 2, write: true, run: pop('tail') },
  rpoplpush: {
    arity: 3,
    write: true,
    grows: true,
    run: ([from = '', to = ''], context) => {
      // The type of the other list is looked at before anything moves.
      read(context, to, 'list')
      const item = pop('tail')([from], context)
      if (typeof item === 'string') push('head')([to, item], context)
      return item
    },
  },
  llen: { arity: 2, run: ([key = ''], context) => read(context, key, 'list')?.items.length ?? 0 },
  lrange: {
    arity: 4,
    run: ([key = '', start, stop], context) => {
      const from = integer(start)
      const to = integer(stop)
      const items = read(context, key, 'list')?.items ?? []
      return items.slice(...range(items.length, from, to))
    },
  },
  lrem: {
    arity: 4,
    write: true,
    run: ([key = '', count, item = ''], context) => {
      const wanted = integer(count)
      if (!read(context, key, 'list')) return 0
      return change(context, key, { type: 'list', items: [] }, ({ items }) => {
        let removed = 0
        for (let most = wanted === 0 ? items.length : Math.abs(wanted); most > 0; most--) {
          const at = wanted < 0 ? items.lastIndexOf(item) : items.indexOf(item)
          if (at < 0) break
          items.splice(at, 1)
          removed++
        }
        return removed
      })
    },
  },
}

const sets: Commands = {
  sadd: {
    arity: -3,
    write: true,
    grows: true,
    run: ([key = '', ...given], context) =>
      change(context, key, { type: 'set', members: new Set() }, ({ members }) => {
        const before = members.size
        for (const member of given) members.add(member)
        return members.size - before
      }),
  },
  srem: {
    arity: -3,
    write: true,
    run: ([key = '', ...given], context) => {
      if (!read(context, key, 'set')) return 0
      return change(
        context,
        key,
        { type: 'set', members: new Set() },
        ({ members }) => given.filter((member) => members.delete(member)).length,
      )
    },
  },
  smembers: { arity: 2, run: ([key = ''], context) => ({ set: [...(read(context, key, 'set')?.members ?? [])] }) },
  scard: { arity: 2, run: ([key = ''], context) => read(context, key, 'set')?.members.size ?? 0 },
  sismember: { arity: 3, run: ([key = '', member = ''], context) => (read(context, key, 'set')?.members.has(member) ? 1 : 0) },
}

const sortedSets: Commands = {
  zadd: { arity: -4, write: true, grows: true, run: zadd },
  zcard: { arity: 2, run: ([key = ''], context) => read(context, key, 'zset')?.scores.size ?? 0 },
  zscore: {
    arity: 3,
    run: ([key = '', member = ''], context) => {
      const score = read(context, key, 'zset')?.scores.get(member)
      return score === undefined ? null : { double: score }
    },
  },
  zcount: {
    arity: 4,
    run: ([key = '', min, max], context) => {
      const low = limit(min)
      const high = limit(max)
      return [...(read(context, key, 'zset')?.scores.values() ?? [])].filter((score) => low(score, true) && high(score, false)).length
    },
  },
  zrange: {
    arity: -4,
    run: ([key = '', start, stop, ...options], context) => {
      if (options.some((option) => option.toUpperCase() === 'BYSCORE'))
        return zrangebyscore([key, start ?? '', stop ?? '', ...options], context)
      const from = integer(start)
      const to = integer(stop)
      const found = sorted(read(context, key, 'zset')?.scores ?? new Map())
      return withScores(found.slice(...range(found.length, from, to)), options[0]?.toUpperCase() === 'WITHSCORES')
    },
  },
  zrangebyscore: { arity: -4, run: zrangebyscore },
  zrevrange: {
    arity: -4,
    run: ([key = '', start, stop, ...options], context) => {
      const found = sorted(read(context, key, 'zset')?.scores ?? new Map()).reverse()
      return withScores(found.slice(...range(found.length, integer(start), integer(stop))), options[0]?.toUpperCase() === 'WITHSCORES')
    },
  },
  zremrangebyscore: {
    arity: 4,
    write: true,
    run: ([key = '', min, max], context) => {
      const [low, high] = [limit(min), limit(max)]
      return removed(context, key, (found) => found.filter(([, score]) => low(score, true) && high(score, false)))
    },
  },
  zremrangebyrank: {
    arity: 4,
    write: true,
    run: ([key = '', start, stop], context) =>
      removed(context, key, (found) => found.slice(...range(found.length, integer(start), integer(stop)))),
  },
  zrem: {
    arity: -3,
    write: true,
    run: ([key = '', ...given], context) => {
      if (!read(context, key, 'zset')) return 0
      return change(
        context,
        key,
        { type: 'zset', scores: new Map() },
        ({ scores }) => given.filter((member) => scores.delete(member)).length,
      )
    },
  },
}

export const collections: Commands = { ...hashes, ...lists, ...sets, ...sortedSets }
