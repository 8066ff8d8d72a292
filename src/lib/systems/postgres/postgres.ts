import { Trouble, Unreachable } from '../../errors.ts'
import type { Reached } from '../systems.ts'
import { type Connection, openConnection, type PostgresOptions } from './connection.ts'
import { provePostgres } from './prove-postgres.ts'
import { type Over, readPostgres } from './read-postgres.ts'
import { sayPostgres } from './say-postgres.ts'
import type { EndpointFacts, Postgres, PostgresTarget } from './types.ts'
import { writePostgres } from './write-postgres.ts'

/** PostgreSQL as a system: one connection per target, opened at first use, one caller at a time. */
export const postgresSystem = (options: PostgresOptions): Postgres => {
  const kept = new Map<string, { readonly opened: Promise<Connection>; turn: Promise<unknown> }>()
  const over: Over = (target, use) => {
    const key = keyOf(target)
    const entry = kept.get(key) ?? { opened: openConnection(target, options), turn: Promise.resolve() }
    kept.set(key, entry)
    // A transaction must not be shared: callers take turns. A lost connection is opened anew by the next caller.
    const mine = entry.turn.then(async () => use(await entry.opened))
    entry.turn = mine.catch((error) => {
      if (error instanceof Trouble && !(error instanceof Unreachable)) return
      if (kept.get(key) === entry) kept.delete(key)
      return entry.opened.then((connection) => connection.close()).catch(() => {})
    })
    return mine
  }
  const reader = readPostgres(over, options)
  const seen = new Map<string, Reached>()
  const endpoint = async (target: PostgresTarget) => {
    const found = await reader.endpoint(target)
    if (found.reachable) seen.set(found.host, reachedAs(found))
    return found
  }
  return {
    read: { ...reader, endpoint },
    reached: async () => [...seen.values()],
    write: writePostgres(over),
    say: sayPostgres(options),
    prove: provePostgres(options),
    close: async () => {
      const entries = [...kept.values()]
      kept.clear()
      await Promise.all(entries.map(({ opened }) => opened.then((connection) => connection.close()).catch(() => {})))
    },
  }
}

const reachedAs = ({ host, database, serverAddress, connections }: EndpointFacts & { readonly reachable: true }): Reached => ({
  line: `database ${database} on ${host}, ${serverAddress === null ? '' : `server ${serverAddress}, `}${connections} connections`,
  is: `database ${database} on ${host}`,
})

const keyOf = ({ host, port, user, database, password }: PostgresTarget): string =>
  [host, port, user, database, password.reveal()].join('\0')
