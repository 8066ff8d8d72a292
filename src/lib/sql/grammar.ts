import type { Node } from 'libpg-query'

export type { Node }

/** One SQL statement of a text. */
export interface Parsed {
  readonly text: string
  readonly node: Node
}

export type Reading =
  | { readonly understood: true; readonly statements: readonly Parsed[] }
  | { readonly understood: false; readonly because: string }

/** Reads a text as PostgreSQL 18 does. */
export type Grammar = (sql: string) => Reading

/** Beyond this a text is rows rather than statements, and reading it takes seconds. */
const longest = 2 * 1024 * 1024

/** PostgreSQL's own grammar, as WebAssembly: 46 ms to load, 1.7 MB. */
export const loadGrammar = async (): Promise<Grammar> => {
  const { default: library } = await import('libpg-query')
  await library.loadModule()
  return (sql) => {
    if (sql.trim() === '') return { understood: true, statements: [] }
    if (sql.length > longest) return { understood: false, because: `its text has ${Math.round(sql.length / 1024 / 1024)} MB` }
    try {
      const bytes = Buffer.from(sql)
      const { stmts = [] } = library.parseSync(sql)
      const statements = stmts.flatMap(({ stmt, stmt_location: from = 0, stmt_len: length }) =>
        stmt
          ? [
              {
                node: stmt,
                text: bytes
                  .subarray(from, length === undefined ? undefined : from + length)
                  .toString()
                  .trim(),
              },
            ]
          : [],
      )
      return { understood: true, statements }
    } catch (error) {
      return { understood: false, because: `PostgreSQL's grammar does not take it: ${error instanceof Error ? error.message : error}` }
    }
  }
}
