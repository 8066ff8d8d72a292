import { counted } from '../../counted.ts'
import { Trouble, Unreachable } from '../../errors.ts'
import type { Reached } from '../systems.ts'
import { type Connection, openConnection, type PostgresOptions } from './connection.ts'
import { patient } from './patience.ts'
import { provePostgres } from './prove-postgres.ts'
import { type Over, readPostgres } from './read-postgres.ts'
import { sayPostgres } from './say-postgres.ts'
import type { EndpointFacts, Postgres, PostgresReader, PostgresTarget } from './types.ts'
import { writePostgres } from './write-postgres.ts'

interface Kept {
  readonly opened: Promise<Connection>
  /** When it was opened, in the order of looks. */
  readonly look: number
  turn: Promise<unknown>
}

/** PostgreSQL as a system: one connection per target, opened at first use, one caller at a time. */
export const postgresSystem = (options: PostgresOptions): Postgres => {
  const kept = new Map<string, Kept>()
  let looks = 0
  const closed = ({ opened }: Kept): Promise<void> => opened.then((connection) => connection.close()).catch(() => {})
  /** `since`: over none that was opened before this look. */
  const overSince =
    (since: number): Over =>
    (target, use, { atOnce } = {}) => {
      const key = keyOf(target)
      const before = kept.get(key)
      const old = before !== undefined && before.look < since
      const entry = before === undefined || old ? { opened: openConnection(target, options), look: looks, turn: Promise.resolve() } : before
      if (old) void before.turn.then(() => closed(before))
      kept.set(key, entry)
      // A transaction must not be shared: callers take turns. A lost connection is opened anew by the next caller.
      const sent = entry.turn.then(async () => {
        const connection = await entry.opened
        return { answer: use(connection) }
      })
      const mine = sent.then(({ answer }) => answer)
      const over = mine.catch((error) => {
        if (error instanceof Trouble && !(error instanceof Unreachable)) return
        if (kept.get(key) === entry) kept.delete(key)
        return closed(entry)
      })
      entry.turn = atOnce ? sent.catch(() => {}) : over
      return mine
    }
  const over = overSince(0)
  /** Over a new connection each time. */
  const anew: Over = async (target, use) => {
    const connection = await openConnection(target, options)
    try {
      return await use(connection)
    } finally {
      await connection.close()
    }
  }
  const seen = new Map<string, Reached>()
  const noting = (reader: PostgresReader): PostgresReader => ({
    ...reader,
    endpoint: async (target) => {
      const found = await reader.endpoint(target)
      if (found.reachable) seen.set(found.host, reachedAs(found))
      return found
    },
  })
  const application = once(options.application)
  return {
    read: noting(readPostgres(over, application, anew)),
    oneLook: () => {
      looks++
      const drop = (target: PostgresTarget) =>
        void kept
          .get(keyOf(target))
          ?.opened.then((connection) => connection.drop())
          .catch(() => {})
      const within = patient(overSince(looks), options.lookTimeout ?? 9_000, drop)
      return noting(readPostgres(within, application, within))
    },
    reached: async () => [...seen.values()],
    write: writePostgres(over),
    say: sayPostgres(options),
    prove: provePostgres(options),
    close: async () => {
      const entries = [...kept.values()]
      kept.clear()
      await Promise.all(entries.map(closed))
    },
  }
}

const once = <T>(ask: () => Promise<T>): (() => Promise<T>) => {
  let answer: Promise<T> | undefined
  return () => {
    answer ??= ask()
    return answer
  }
}

const reachedAs = ({ host, database, serverAddress, connections }: EndpointFacts & { readonly reachable: true }): Reached => ({
  line: `database ${database} on ${host}, ${serverAddress === null ? '' : `server ${serverAddress}, `}${counted(Number(connections), 'connection')}`,
  is: `database ${database} on ${host}`,
})

const keyOf = ({ host, port, user, database, password }: PostgresTarget): string =>
  [host, port, user, database, password.reveal()].join('\0')
