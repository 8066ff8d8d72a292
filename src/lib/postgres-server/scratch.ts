import { gooseUp } from './goose.ts'
import type { Server } from './server.ts'
import { freshServers, type Servers } from './servers.ts'

export interface Attempt {
  /** Statements that make what the files find. */
  readonly before: readonly string[]
  readonly files: readonly { readonly name: string; readonly text: string }[]
  /** One query over what they leave. */
  readonly ask: string
}

export interface Attempted {
  /** goose's exit code. */
  readonly code: number
  /** goose's log. */
  readonly lines: readonly string[]
  readonly rows: readonly unknown[]
}

/** A PostgreSQL of our own, with an empty database for each attempt; up at the first one. */
export const scratchServer = (servers: Servers = freshServers) => {
  let starting: Promise<Server> | undefined
  let turn: Promise<unknown> = Promise.resolve()
  const done = new Map<string, Promise<Attempted>>()
  const attempt = async ({ before, files, ask }: Attempt): Promise<Attempted> => {
    starting ??= servers.take()
    const server = await starting
    const database = 'scratch'
    await server.admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)
    await server.admin.query(`CREATE DATABASE ${database}`)
    const client = await server.connect(database)
    const reader = await server.connect(database)
    try {
      for (const statement of before.length === 0 ? [] : ['BEGIN', ...before, 'COMMIT']) await client.query(statement)
      const lines: string[] = []
      const named = files.map(({ name, text }) => ({ name, sql: text }))
      const code = await gooseUp({ client, files: named, log: (line) => lines.push(line), signal: new AbortController().signal })
      return { code, lines, rows: (await reader.query(ask)).rows }
    } finally {
      await Promise.allSettled([client.end(), reader.end()])
    }
  }
  return {
    /** What was attempted once has its answer: a plan's second look asks for the same. One at a time: the files may make roles, which all databases share. */
    attempt: (wanted: Attempt): Promise<Attempted> => {
      const key = JSON.stringify(wanted)
      const known = done.get(key)
      if (known) return known
      const mine = turn.then(() => attempt(wanted))
      turn = mine.catch(() => done.delete(key))
      done.set(key, mine)
      return mine
    },
    stop: async () => {
      const server = await starting?.catch(() => undefined)
      if (server) await servers.leave(server)
    },
  }
}
