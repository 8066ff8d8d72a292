import { readFolder, unregistered } from '../../goose/folder.ts'
import { parseGoose } from '../../goose/parse.ts'

/** A migration of the `migrations/` folder as goose reads it on the way up. */
export interface MigrationFile {
  readonly version: bigint
  readonly name: string
  readonly text: string
  /** False with `-- +goose NO TRANSACTION`: what ran before a failure stays. */
  readonly transaction: boolean
  /** As goose sends them. None of a file that it refuses. */
  readonly statements: readonly string[]
  /** The environment's values belong into its statements. */
  readonly envsub: boolean
  /** goose's words where it would stop at this file without running any of it. */
  readonly refusal?: string
  /** It is no plain file: what goose finds there is not known. */
  readonly strange?: string
}

type Texts = readonly { readonly name: string; readonly text: string; readonly odd?: 'link' | 'folder' }[]

/** By number; names that goose leaves alone are left out. */
export const readMigrations = (files: Texts): readonly MigrationFile[] =>
  readFolder(files.map(({ name }) => name)).sources.map(({ name, version }) => {
    const { text = '', odd } = files.find((file) => file.name === name) ?? {}
    if (odd === undefined) return { version, name, text, ...readUp(name, text) }
    const strange =
      odd === 'folder'
        ? 'a folder, and no file'
        : `a link to ${text}: goose follows it in the image, and what it finds there is not known here`
    return { version, name, text, ...nothing, strange }
  })

/** Why goose would refuse the whole folder before it runs anything; undefined where it does not, and where there is no file at all. */
export const folderRefusal = (files: Texts): string | undefined => {
  const folder = readFolder(files.map(({ name }) => name))
  return folder.usable || (folder.sources.length === 0 && !folder.because.startsWith('could not'))
    ? undefined
    : folder.because.replace(/\s+/g, ' ')
}

const nothing = { transaction: true, statements: [], envsub: false }

const readUp = (name: string, text: string): Pick<MigrationFile, 'transaction' | 'statements' | 'envsub' | 'refusal'> => {
  if (name.endsWith('.go')) return { ...nothing, refusal: unregistered(name) }
  try {
    return parseGoose(text)
  } catch (error) {
    return { ...nothing, refusal: error instanceof Error ? error.message : String(error) }
  }
}
