export type Value =
  | { readonly type: 'string'; text: string }
  | { readonly type: 'list'; readonly items: string[] }
  | { readonly type: 'set'; readonly members: Set<string> }
  | { readonly type: 'hash'; readonly fields: Map<string, string> }
  | { readonly type: 'zset'; readonly scores: Map<string, number> }

export interface Entry {
  readonly value: Value
  /** Unix milliseconds. */
  expiresAt: number | undefined
  /** Unix milliseconds of the last use. */
  touched: number
  bytes: number
  /** Rises with every write of any key: what WATCH compares, because two writes may share a millisecond and a read is none. */
  revision: number
}

// Sizes of jemalloc's classes for dictEntry + robj + sds header, and of an entry in the table of expiries.
const perKey = 72
const perExpiry = 32
const perMember = 40

const sizeOf = (key: string, value: Value): number => {
  switch (value.type) {
    case 'string':
      return perKey + key.length + value.text.length
    case 'list':
      return value.items.reduce((sum, item) => sum + item.length + 11, perKey + key.length + 120)
    case 'set':
      return [...value.members].reduce((sum, member) => sum + member.length + perMember, perKey + key.length + 64)
    case 'hash':
      return [...value.fields].reduce((sum, [field, text]) => sum + field.length + text.length + perMember, perKey + key.length + 64)
    case 'zset':
      return [...value.scores].reduce((sum, [member]) => sum + member.length + perMember * 2, perKey + key.length + 64)
  }
}

const hash = (key: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  return (h ^ (h >>> 13)) >>> 0
}

const reverse = (bits: number): number => {
  let v = bits >>> 0
  v = ((v >>> 1) & 0x55555555) | ((v & 0x55555555) << 1)
  v = ((v >>> 2) & 0x33333333) | ((v & 0x33333333) << 2)
  v = ((v >>> 4) & 0x0f0f0f0f) | ((v & 0x0f0f0f0f) << 4)
  v = ((v >>> 8) & 0x00ff00ff) | ((v & 0x00ff00ff) << 8)
  return ((v >>> 16) | (v << 16)) >>> 0
}

/** One database: keys in a table whose cursors survive growth as Redis's do, in order of last use, with approximate sizes. */
export const createKeyspace = (now: () => number) => {
  // A Map keeps its order: a touched key moves to the end, so the first one is the least recently used.
  const entries = new Map<string, Entry>()
  let buckets: string[][] = Array.from({ length: 4 }, () => [])
  let bytes = 0
  let expired = 0
  let writes = 0

  const bucketOf = (key: string): string[] => buckets[hash(key) & (buckets.length - 1)] ?? []
  const resize = (size: number) => {
    buckets = Array.from({ length: size }, () => [])
    for (const key of entries.keys()) bucketOf(key).push(key)
  }

  const remove = (key: string): boolean => {
    const entry = entries.get(key)
    if (!entry) return false
    entries.delete(key)
    bytes -= entry.bytes
    const bucket = bucketOf(key)
    bucket.splice(bucket.indexOf(key), 1)
    if (buckets.length > 4 && entries.size < buckets.length / 10) resize(buckets.length / 2)
    return true
  }

  /** Looks without counting as a use; an expired key is dropped here. */
  const peek = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > now()) return entry
    remove(key)
    expired++
    return undefined
  }

  const clear = (): void => {
    entries.clear()
    buckets = Array.from({ length: 4 }, () => [])
    bytes = 0
  }

  return {
    peek,
    remove,
    get(key: string): Entry | undefined {
      const entry = peek(key)
      if (!entry) return undefined
      entry.touched = now()
      entries.delete(key)
      entries.set(key, entry)
      return entry
    },
    put(key: string, value: Value, expiresAt?: number): void {
      remove(key)
      const entry = {
        value,
        expiresAt,
        touched: now(),
        bytes: sizeOf(key, value) + (expiresAt === undefined ? 0 : perExpiry),
        revision: ++writes,
      }
      entries.set(key, entry)
      bytes += entry.bytes
      if (entries.size > buckets.length) resize(buckets.length * 2)
      else bucketOf(key).push(key)
    },
    /** Counts a value's size again after it was changed in place. */
    resized(key: string): void {
      const entry = entries.get(key)
      if (!entry) return
      entry.revision = ++writes
      const size = sizeOf(key, entry.value) + (entry.expiresAt === undefined ? 0 : perExpiry)
      bytes += size - entry.bytes
      entry.bytes = size
    },
    clear,
    /** Everything that is in it, which is empty then. */
    take(): readonly (readonly [key: string, value: Value, expiresAt: number | undefined])[] {
      const all = [...entries].map(([key, { value, expiresAt }]) => [key, value, expiresAt] as const)
      clear()
      return all
    },
    give(all: ReturnType<typeof this.take>): void {
      for (const [key, value, expiresAt] of all) this.put(key, value, expiresAt)
    },
    /** One step of SCAN: every key that stays for a whole round comes at least once; the cursor 0 ends it. */
    scan(cursor: number, count: number): { readonly cursor: number; readonly keys: readonly string[] } {
      const keys: string[] = []
      const mask = buckets.length - 1
      let at = cursor >>> 0
      for (let visits = count * 10; visits > 0; visits--) {
        keys.push(...(buckets[at & mask] ?? []))
        at = reverse((reverse((at | ~mask) >>> 0) + 1) >>> 0)
        if (at === 0 || keys.length >= count) break
      }
      return { cursor: at, keys: keys.filter((key) => peek(key)) }
    },
    keys: (): readonly string[] => [...entries.keys()].filter((key) => peek(key)),
    leastRecentlyUsed(volatileOnly: boolean): string | undefined {
      for (const [key, entry] of entries) if (!volatileOnly || entry.expiresAt !== undefined) return key
      return undefined
    },
    stats: () => {
      let withExpiry = 0
      for (const entry of entries.values()) if (entry.expiresAt !== undefined) withExpiry++
      return { keys: entries.size, withExpiry, bytes, expired }
    },
    size: () => entries.size,
    bytes: () => bytes,
  }
}

export type Keyspace = ReturnType<typeof createKeyspace>
