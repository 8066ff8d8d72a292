import type { FileChange } from '../../systems/checkout/types.ts'
import type { VersionTable } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'

/**
 * How the schema is kept, as the live system says. `unmarked`: goose's table is there without a version, which opens the application's boot
 * check on a schema that nobody vouches for. `automigrate`: tables, and no goose. `empty`: no table but goose's own, which a first run makes
 * before it fails.
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
  /** Applied files whose text is another one than when they were applied, by the last commit that changed them: goose keeps no checksum. */
  readonly edited: readonly FileChange[]
}

const eraOf = ({ exists, applied, tables }: VersionTable): Era =>
  applied.length > 0 ? 'goose' : tables === 0 ? 'empty' : exists ? 'unmarked' : 'automigrate'

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
      const since = history.filter((one) => one.name === name && at !== undefined && Date.parse(one.at) > at)
      const [last, was] = [since[0], since.at(-1)?.before]
      return last && was !== undefined && last.after !== was ? [last] : []
    }),
  }
}

/** goose writes a timestamp without a zone; servers such as Neon's run in UTC. */
export const instantOf = (at: string): number => Date.parse(`${at.replace(' ', 'T')}Z`)
