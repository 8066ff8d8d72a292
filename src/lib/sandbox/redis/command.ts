import type { Keyspace, Value } from './keyspace.ts'
import type { Passwords } from './passwords.ts'
import type { Protocol, Reply } from './protocol.ts'

/** One client's connection as the commands see it. */
export interface Session {
  readonly id: number
  readonly address: string
  readonly since: number
  authenticated: boolean
  protocol: Protocol
  db: number
  name: string
  noEvict: boolean
  last: string
  /** Commands queued by MULTI; undefined outside one. */
  queue: (readonly string[])[] | undefined
  /** A queued command was refused: EXEC aborts. */
  spoiled: boolean
  watched: Map<string, string>
  closing: boolean
}

/** What every command may use. */
export interface Context {
  readonly session: Session
  readonly sessions: () => readonly Session[]
  readonly db: Keyspace
  readonly databases: readonly Keyspace[]
  readonly settings: Map<string, string>
  readonly counters: Counters
  readonly now: () => number
  readonly startedAt: number
  readonly replica: () => boolean
  readonly passwords: Passwords
  /** Whether this one is let in: by the passwords, and by what is wrong with the server. */
  readonly accepts: (password: string) => boolean
  readonly sleep: (ms: number) => Promise<void>
  readonly usedMemory: () => number
}

export interface Counters {
  commands: number
  connections: number
  hits: number
  misses: number
  evicted: number
  errors: number
  /** Refusals by their code: OOM, WRONGTYPE. */
  refusals: Readonly<Record<string, number>>
}

export interface Command {
  /** As in COMMAND: the name counts; a negative number is a minimum. */
  readonly arity: number
  readonly write?: true
  /** May need memory: refused at maxmemory when nothing can be evicted. */
  readonly grows?: true
  /** Allowed before AUTH. */
  readonly open?: true
  readonly run: (args: readonly string[], context: Context) => Reply | Promise<Reply>
}

export type Commands = Readonly<Record<string, Command>>

/** Ends a command with this error text. */
export class Refusal extends Error {}

const wrongType = () => new Refusal('WRONGTYPE Operation against a key holding the wrong kind of value')
export const syntax = () => new Refusal('ERR syntax error')

export const integer = (text: string | undefined, message = 'ERR value is not an integer or out of range'): number => {
  const value = Number(text)
  if (text === undefined || !/^-?(0|[1-9]\d*)$/.test(text) || !Number.isSafeInteger(value)) throw new Refusal(message)
  return value
}

export const float = (text: string | undefined): number => {
  if (text !== undefined && /^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  const value = Number(text)
  if (!text || Number.isNaN(value)) throw new Refusal('ERR value is not a valid float')
  return value
}

type Typed<T extends Value['type']> = Extract<Value, { type: T }>

/** The value of a key for reading, counted as a hit or a miss; throws WRONGTYPE. */
export const read = <T extends Value['type']>(context: Context, key: string, type: T): Typed<T> | undefined => {
  const value = context.db.get(key)?.value
  if (value) context.counters.hits++
  else context.counters.misses++
  if (value && value.type !== type) throw wrongType()
  return value as Typed<T> | undefined
}

/** Changes a collection in place, makes it when it is missing, and drops it when it ends empty. */
export const change = <T extends Value['type'], R>(context: Context, key: string, fresh: Typed<T>, act: (value: Typed<T>) => R): R => {
  const existing = context.db.get(key)?.value
  if (existing && existing.type !== fresh.type) throw wrongType()
  if (!existing) context.db.put(key, fresh)
  const value = (existing ?? fresh) as Typed<T>
  try {
    return act(value)
  } finally {
    if (sizeOf(value) === 0) context.db.remove(key)
    else context.db.resized(key)
  }
}

const sizeOf = (value: Value): number => {
  switch (value.type) {
    case 'string':
      return 1
    case 'list':
      return value.items.length
    case 'set':
      return value.members.size
    case 'hash':
      return value.fields.size
    case 'zset':
      return value.scores.size
  }
}

/** `start stop` with negative indexes, as slice() takes them. */
export const range = (length: number, start: number, stop: number): [number, number] => {
  const from = start < 0 ? Math.max(0, length + start) : start
  const to = stop < 0 ? length + stop : stop
  return [from, Math.max(0, to + 1)]
}
