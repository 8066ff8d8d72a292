import type { FileChange } from '../../systems/checkout/types.ts'
import type { VersionTable } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'

/**
 * How the schema is kept, as the live system says. `unmarked`: goose's table is there without a version, which opens the application's boot
 * check on a schema that nobody vouches for. `automigrate`: tables, and no goose.
 */
export type Era = 'goose' | 'unmarked' | 'automigrate' | 'empty'

/** What goose would do with these files on this database, and what it would not notice. */
export interface MigrationState {
  readonly era: Era
  /** The highest version that is applied; 0 without one. */
  readonly current: number
  readonly pending: readonly MigrationFile[]
  /** Not applied, and below the current version: goose stops at these. */
  readonly late: readonly MigrationFile[]
  /** Numbers that no file has, up to the highest: goose passes over them. */
  readonly gaps: readonly number[]
  /** Applied, and in none of the files: the schema is ahead of these. */
  readonly ahead: readonly number[]
  /** Applied files that a commit changed after they were applied: goose keeps no checksum. */
  readonly edited: readonly FileChange[]
}

const eraOf = ({ exists, applied, tables }: VersionTable): Era =>
  applied.length > 0 ? 'goose' : exists ? 'unmarked' : tables > 0 ? 'automigrate' : 'empty'

/** Compares the version table with files, and those with their history. */
export const stateOf = (versions: VersionTable, files: readonly MigrationFile[], history: readonly FileChange[] = []): MigrationState => {
  const applied = new Map(versions.applied.map(({ version, at }) => [version, instantOf(at)]))
  const current = Math.max(0, ...applied.keys())
  const numbers = new Set(files.map(({ version }) => version))
  const open = files.filter(({ version }) => !applied.has(version))
  const highest = Math.max(0, ...numbers)
  return {
    era: eraOf(versions),
    current,
    pending: open.filter(({ version }) => version > current),
    late: open.filter(({ version }) => version < current),
    gaps: Array.from({ length: highest }, (_, i) => i + 1).filter((number) => !numbers.has(number) && !applied.has(number)),
    ahead: [...applied.keys()].filter((version) => !numbers.has(version)),
    edited: files.flatMap(({ name, version }) => {
      const at = applied.get(version)
      const change = history.find((one) => one.name === name && one.kind === 'edited')
      return at !== undefined && change && Date.parse(change.at) > at ? [change] : []
    }),
  }
}

/** goose writes a timestamp without a zone; servers such as Neon's run in UTC. */
const instantOf = (at: string): number => Date.parse(`${at.replace(' ', 'T')}Z`)
