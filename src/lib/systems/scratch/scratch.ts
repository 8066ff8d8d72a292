import { Failed } from '../../errors.ts'
import { markStatements, schemaObjects } from '../postgres/catalog.ts'
import type { SchemaObject } from '../postgres/types.ts'
import type { System } from '../systems.ts'
import { definitions } from './definitions.ts'
import type { ScratchFile, ScratchReader } from './types.ts'

/** The server that is started; given by the caller, because systems know no embedded one. */
export interface ScratchServer {
  attempt(wanted: {
    readonly before: readonly string[]
    readonly files: readonly ScratchFile[]
    readonly ask: string
  }): Promise<{ readonly code: number; readonly lines: readonly string[]; readonly rows: readonly unknown[] }>
  stop(): Promise<void>
}

/** What else a caller knows of a file is no part of the question. */
const bare = ({ name, text }: ScratchFile): ScratchFile => ({ name, text })

/** Attempts on a private PostgreSQL; it starts at the first one. */
export const scratchSystem = (open: () => Promise<ScratchServer>): System<ScratchReader, Record<never, never>> => {
  let opening: Promise<ScratchServer> | undefined
  const attempt: ScratchServer['attempt'] = async (wanted) => {
    opening ??= open()
    try {
      return await (await opening).attempt(wanted)
    } catch (error) {
      throw new Failed(
        {
          code: 'scratch-failed',
          failed: 'The private PostgreSQL that migrations are tried on did not do it',
          state: 'Nothing was changed.',
          cause: error instanceof Error ? error.message : String(error),
          next: 'honeydue doctor',
        },
        { cause: error },
      )
    }
  }
  const failureOf = ({ code, lines }: { readonly code: number; readonly lines: readonly string[] }): string | undefined =>
    code === 0 ? undefined : (lines.at(-1) ?? `goose ended with ${code}`)
  return {
    read: {
      build: async (files) => {
        const done = await attempt({ before: [], files: files.map(bare), ask: schemaObjects })
        return { failure: failureOf(done), schema: done.rows as readonly SchemaObject[] }
      },
      rehearse: async ({ schema, versions }, files) => {
        const done = await attempt({
          before: [...definitions(schema), ...markStatements(versions)],
          files: files.map(bare),
          ask: 'SELECT 1',
        })
        return { failure: failureOf(done), lines: done.lines }
      },
    },
    write: {},
    say: {},
    close: async () => {
      const server = await opening?.catch(() => undefined)
      await server?.stop()
    },
  }
}
