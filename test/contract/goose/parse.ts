import { parseGoose } from '../../../src/lib/goose/parse.ts'
import { oddEnvironment } from './odd-files.ts'

/** What a parser makes of a file on the way up or down. */
export interface Read {
  readonly statements: readonly string[]
  readonly transaction: boolean
  readonly refusal?: string
}

const read = (file: string, direction: 'up' | 'down'): Read => {
  try {
    const { statements, transaction } = parseGoose(file, { direction, env: (name) => oddEnvironment[name] })
    return { statements, transaction }
  } catch (error) {
    return { statements: [], transaction: false, refusal: error instanceof Error ? error.message : String(error) }
  }
}

export const readByOurs = (file: string): { readonly up: Read; readonly down: Read } => ({ up: read(file, 'up'), down: read(file, 'down') })
