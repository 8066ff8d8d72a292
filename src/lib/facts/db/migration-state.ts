import type { FileChange } from '../../systems/checkout/types.ts'
import type { VersionTable } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'
import { squeezed } from './squeezed.ts'

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
  readonly current: bigint
  readonly pending: readonly MigrationFile[]
  /** Not applied, and below the current version: goose stops at these. */
  readonly late: readonly MigrationFile[]
  /** Numbers that no file has, where files are counted: goose passes over them. */
  readonly gaps: readonly bigint[]
  /** Applied, and in none of the files: the schema is ahead of these. */
  readonly ahead: readonly bigint[]
  /** Applied files whose text is another one than when they were applied, by the last commit that changed them: goose keeps no checksum. */
  readonly edited: readonly FileChange[]
}

const eraOf = ({ exists, applied, tables }: VersionTable): Era =>
  applied.length > 0 ? 'goose' : tables === 0 ? 'empty' : exists ? 'unmarked' : 'automigrate'

/** Compares the version table with files, and those with their history. `earlier`: what goose read when they were applied, by git's name of the text. */
export const stateOf = (
  versions: VersionTable,
  files: readonly MigrationFile[],
  history: readonly FileChange[] = [],
  earlier: ReadonlyMap<string, MigrationFile> = new Map(),
): MigrationState => {
  const applied = new Set(versions.applied.map(({ version }) => version))
  const current = versions.applied.at(-1)?.version ?? 0n
  const numbers = new Set(files.map(({ version }) => version))
  const open = files.filter(({ version }) => !applied.has(version))
  return {
    era: eraOf(versions),
    current,
    pending: open.filter(({ version }) => version > current),
    late: open.filter(({ version }) => version < current),
    gaps: gapsIn([...new Set([...numbers, ...applied])].filter((one) => one <= (files.at(-1)?.version ?? 0n)).sort(ascending)),
    ahead: [...applied].filter((version) => !numbers.has(version)),
    edited: changedSince(versions, files, history)
      .filter(({ was, file }) => !readsAlike(earlier.get(was), file))
      .map(({ last }) => last),
  }
}

/** Applied files of which git has another text than when they were applied: its name, and the last commit that changed them. */
export const changedSince = (
  versions: VersionTable,
  files: readonly MigrationFile[],
  history: readonly FileChange[],
): readonly { readonly file: MigrationFile; readonly last: FileChange; readonly was: string }[] => {
  const applied = new Map(versions.applied.map(({ version, at }) => [version, instantOf(at)]))
  return files.flatMap((file) => {
    const at = applied.get(file.version)
    const since = history.filter((one) => one.name === file.name && at !== undefined && Date.parse(one.at) > at)
    const [last, was] = [since[0], since.at(-1)?.before]
    return last && was !== undefined && last.after !== was ? [{ file, last, was }] : []
  })
}

/** Comments, blanks and what is for the way down change nothing of what goose runs. */
const readsAlike = (earlier: MigrationFile | undefined, now: MigrationFile): boolean =>
  earlier !== undefined && JSON.stringify(readingOf(earlier)) === JSON.stringify(readingOf(now))

const readingOf = ({ transaction, envsub, refusal, statements }: MigrationFile) => [transaction, envsub, refusal, statements.map(squeezed)]

/** Only where numbers are a counter, which has at least half of what is below each of them: between dates and timestamps nothing is missing. */
const gapsIn = (numbers: readonly bigint[]): readonly bigint[] =>
  numbers.flatMap((number, i) => {
    const before = numbers[i - 1]
    if (before === undefined || BigInt(2 * (i + 1)) < number) return []
    return Array.from({ length: Number(number - before) - 1 }, (_, n) => before + BigInt(n + 1))
  })

const ascending = (one: bigint, other: bigint): number => (one < other ? -1 : one > other ? 1 : 0)

/** For machines: a number as long as JSON's readers keep it exactly, its digits beyond that. */
export const plainVersion = (version: bigint): number | string => (version <= Number.MAX_SAFE_INTEGER ? Number(version) : String(version))

/** goose writes a timestamp without a zone; servers such as Neon's run in UTC. */
export const instantOf = (at: string): number => Date.parse(`${at.replace(' ', 'T')}Z`)
