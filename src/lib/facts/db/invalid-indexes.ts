import type { InvalidIndex } from '../../systems/postgres/types.ts'
import type { MigrationFile } from './goose-file.ts'
import { squeezed } from './squeezed.ts'

/** Those whose build failed: nothing uses them, and nothing completes them. */
export const failedIndexes = (invalid: readonly InvalidIndex[]): readonly InvalidIndex[] =>
  invalid.filter(({ builder, lacking }) => builder === null && lacking === null)

/** Those that a backend is building, or dropping, at this moment. */
export const indexesInWork = (invalid: readonly InvalidIndex[]): readonly (InvalidIndex & { readonly builder: number })[] =>
  invalid.flatMap((index) => (index.builder === null ? [] : [{ ...index, builder: index.builder }]))

/** Those of a partitioned table, which become valid by themselves once each partition has its own attached. */
export const unfinishedIndexes = (invalid: readonly InvalidIndex[]): readonly (InvalidIndex & { readonly lacking: readonly string[] })[] =>
  invalid.flatMap((index) => (index.builder === null && index.lacking !== null ? [{ ...index, lacking: index.lacking }] : []))

/** Whether a statement on a file's way up builds the index of exactly this name. */
export const builds = ({ statements }: MigrationFile, name: string): boolean =>
  statements.some((statement) => {
    const [, quoted, plain] =
      /^CREATE (?:UNIQUE )?INDEX (?:CONCURRENTLY )?(?:IF NOT EXISTS )?(?:"((?:[^"]|"")+)"|([\w$]+)) ON /i.exec(squeezed(statement)) ?? []
    return quoted?.replaceAll('""', '"') === name || plain?.toLowerCase() === name
  })
