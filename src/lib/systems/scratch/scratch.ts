import { Blocked, Trouble } from '../../errors.ts'
import { markStatements, schemaObjects } from '../postgres/catalog.ts'
import type { Layout, SchemaObject } from '../postgres/types.ts'
import type { System } from '../systems.ts'
import type { Measured, ScratchFile, ScratchReader } from './types.ts'

/** The server that is started; given by the caller, because systems know no embedded one. */
export interface ScratchServer {
  attempt(wanted: {
    readonly user: string
    readonly roles?: Layout['roles']
    readonly schema?: Layout['statements']
    readonly searchPath?: string
    readonly before: readonly string[]
    readonly files: readonly ScratchFile[]
    readonly ask: string
    readonly measure?: boolean
  }): Promise<Attempted>
  stop(): Promise<void>
}

/** What else a caller knows of a file is no part of the question. */
const bare = ({ name, text }: ScratchFile): ScratchFile => ({ name, text })

interface Attempted {
  readonly code: number
  readonly lines: readonly string[]
  readonly rows: readonly unknown[]
  readonly measured: readonly Measured[]
  /** Why it was ended before its end. */
  readonly ended?: string
}

/** Attempts on a private PostgreSQL; it starts at the first one. */
export const scratchSystem = (open: () => Promise<ScratchServer>): System<ScratchReader, Record<never, never>> => {
  let opening: Promise<ScratchServer> | undefined
  const attempt = async (wanted: Parameters<ScratchServer['attempt']>[0]): Promise<Attempted> => {
    opening ??= open()
    try {
      const done = await (await opening).attempt(wanted)
      if (done.ended !== undefined) throw unable(done.ended)
      return done
    } catch (error) {
      // Somebody asked to stop, or it is said already.
      if (error instanceof Trouble) throw error
      throw unable(error instanceof Error ? error.message : String(error), error)
    }
  }
  const failureOf = ({ code, lines }: Attempted): string | undefined =>
    code === 0 ? undefined : (lines.at(-1) ?? `goose ended with ${code}`)
  return {
    read: {
      build: async (files, user) => {
        const done = await attempt({ user, before: [], files: files.map(bare), ask: schemaObjects })
        return { failure: failureOf(done), schema: done.rows as readonly SchemaObject[] }
      },
      rehearse: async ({ layout, versions, versionSchema, user }, files) => {
        try {
          const { roles, statements, searchPath } = layout
          const before = markStatements(versions, versionSchema)
          const over = { user, roles, searchPath, schema: statements, before, files: files.map(bare) }
          const done = await attempt({ ...over, ask: 'SELECT 1', measure: true })
          const { lines, measured } = done
          const failure = failureOf(done)
          const [, lacks] = /\(SQLSTATE (23502|23503|55000|P0002|P0003)\)$/.exec(failure ?? '') ?? []
          if (lacks === undefined) return { failure, lines, measured }
          return { failure: undefined, unable: `a file needs rows, and the copy has none: ${failure}`, lines, measured }
        } catch (error) {
          if (error instanceof Blocked) return { failure: undefined, unable: error.likely ?? error.failed, lines: [], measured: [] }
          throw error
        }
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

/** That the attempt has no answer is no answer about the files. */
const unable = (cause: string, error?: unknown): Blocked =>
  new Blocked(
    { code: 'scratch-unable', failed: 'The files could not be tried on a private PostgreSQL', cause, next: 'honeydue doctor' },
    { cause: error },
  )
