import { counted } from '../../counted.ts'
import { type Effect, joined, type LockMode, lockModes } from '../../sql/effect.ts'
import { callsIn } from '../../sql/expressions.ts'
import type { Grammar, Parsed } from '../../sql/grammar.ts'
import { madeBy } from '../../sql/made.ts'
import { effectOfNode } from '../../sql/statement-effect.ts'
import type { Surroundings } from '../../sql/surroundings.ts'
import type { TableSize } from '../../systems/postgres/types.ts'
import type { Measured } from '../../systems/scratch/types.ts'
import type { MigrationFile } from './goose-file.ts'

/** One SQL statement of a file that has not run, and what others feel of it. */
export interface PendingStatement {
  readonly file: string
  /** Which of the texts that goose sends of the file, from 0; several statements can stand in one. */
  readonly at: number
  /** The first line or so, for a plan. */
  readonly text: string
  /** The strongest that it takes, and the table that it takes it on. */
  readonly lock: LockMode
  readonly table: string | undefined
  /** Every lock on what is there before, the strongest first. */
  readonly locks: readonly { readonly table: string; readonly mode: LockMode }[]
  readonly rewrites: boolean
  readonly scans: boolean
  readonly destroys: boolean
  readonly concurrently: boolean
  /** Why it may do more. */
  readonly unknown: readonly string[]
  /** Why PostgreSQL refuses it where it stands. */
  readonly refused: string | undefined
  /** Of the table that it locks most, where that exists. */
  readonly size: TableSize | undefined
  /** What a rehearsal saw beyond all this; undefined where it saw nothing more, or there was none. */
  readonly measured?: Beyond
}

/** What was seen and not told. `locks`: undefined where they were gone before they could be read. */
export interface Beyond extends Pick<Measured, 'rewrites' | 'emptied' | 'scans' | 'dropped'> {
  readonly locks: readonly { readonly table: string; readonly mode: LockMode }[] | undefined
}

/** The statements of one text that goose sends at once; or why the grammar does not take it. */
export interface Sent {
  readonly file: MigrationFile
  readonly at: number
  readonly text: string
  readonly statements: readonly Parsed[]
  readonly trouble: string | undefined
}

/** What goose would send of these files, in its order. */
export const readStatements = (grammar: Grammar, files: readonly MigrationFile[]): readonly Sent[] =>
  files.flatMap((file) =>
    file.statements.map((text, at): Sent => {
      const read = grammar(text)
      return { file, at, text, statements: read.understood ? read.statements : [], trouble: read.understood ? undefined : read.because }
    }),
  )

/** The names of the functions that they call. */
export const functionsIn = (sent: readonly Sent[]): readonly string[] => [
  ...new Set(sent.flatMap(({ statements }) => statements.flatMap(({ node }) => callsIn(node)))),
]

/** Destructive ones first, then what rewrites, then by the strength of the lock; otherwise as they run. */
export const pendingStatements = (
  sent: readonly Sent[],
  around: Surroundings,
  sizes: readonly TableSize[],
): readonly PendingStatement[] => {
  const there = new Set(around.columns.map(({ table }) => table))
  /** What the files make before: nobody else can wait for it. */
  const made = new Set<string>()
  const all = sent.flatMap(({ file, at, text, statements, trouble }) => {
    if (trouble !== undefined) return [stating({ file: file.name, at, text, effect: joined([{ unknown: [trouble] }]), sizes })]
    return statements.map(({ node, text: own }) => {
      const effect = withoutMade(effectOfNode(node, around), made)
      for (const name of madeBy(node)) if (!there.has(name)) made.add(name)
      const refused = !effect.alone
        ? undefined
        : file.transaction
          ? 'PostgreSQL refuses it in a transaction (25001): the file needs -- +goose NO TRANSACTION'
          : statements.length > 1
            ? 'PostgreSQL refuses it beside other statements (25001): it needs a block of its own'
            : undefined
      return stating({ file: file.name, at, text: own, effect, sizes, ...(refused !== undefined && { refused }) })
    })
  })
  return [...all].sort((a, b) => weight(b) - weight(a))
}

const withoutMade = (effect: Effect, made: ReadonlySet<string>): Effect => {
  const locks = new Map([...effect.locks].filter(([table]) => !made.has(table)))
  return effect.locks.size > 0 && locks.size === 0
    ? { ...effect, locks, rewrites: false, scans: false, destroys: false }
    : { ...effect, locks }
}

const stating = ({
  file,
  at,
  text,
  effect,
  sizes,
  refused,
}: {
  readonly file: string
  readonly at: number
  readonly text: string
  readonly effect: Effect
  readonly sizes: readonly TableSize[]
  readonly refused?: string
}): PendingStatement => {
  const locks = [...effect.locks]
    .map(([table, mode]) => ({ table, mode }))
    .sort((a, b) => lockModes.indexOf(b.mode) - lockModes.indexOf(a.mode))
  const [strongest] = locks
  const { rewrites, scans, destroys, concurrently, unknown } = effect
  const line = text.replace(/\s+/g, ' ').replace(/;\s*$/, '').trim()
  return {
    file,
    at,
    text: line.length > 120 ? `${line.slice(0, 119)}…` : line,
    lock: strongest?.mode ?? 'none',
    table: strongest?.table,
    locks,
    rewrites,
    scans,
    destroys,
    concurrently,
    unknown,
    refused,
    size: sizeOf(sizes, strongest?.table),
  }
}

/** Of a table by its name in an effect. */
export const sizeOf = (sizes: readonly TableSize[], name: string | undefined): TableSize | undefined =>
  sizes.find(({ table }) => table.replaceAll('"', '') === name)

/** How much it should be looked at. */
export const weight = ({ destroys, rewrites, scans, lock, unknown, refused }: PendingStatement): number =>
  (refused ? 200 : 0) +
  (destroys ? 100 : 0) +
  (rewrites ? 50 : 0) +
  (unknown.length > 0 ? 20 : 0) +
  lockModes.indexOf(lock) * 2 +
  (scans ? 1 : 0)

/** "100 rows, 64 kB": as the server last counted. */
export const sizeText = ({ rows, bytes }: TableSize): string => `${rows < 0 ? 'never counted' : counted(rows, 'row')}, ${bytesText(bytes)}`

const bytesText = (bytes: number): string =>
  bytes < 1024 * 1024
    ? `${Math.round(bytes / 1024)} kB`
    : bytes < 1024 ** 3
      ? `${Math.round(bytes / 1024 ** 2)} MB`
      : `${(bytes / 1024 ** 3).toFixed(1)} GB`
