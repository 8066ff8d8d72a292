import { type LockMode, lockModes } from '../../sql/effect.ts'
import type { TableSize } from '../../systems/postgres/types.ts'
import type { Measured } from '../../systems/scratch/types.ts'
import { type Beyond, type PendingStatement, sizeOf, weight } from './statements.ts'

/** The statements with what a rehearsal saw beyond what was told of them, the heaviest first. What it did not see stays as it was told, or not known. */
export const withMeasured = (
  statements: readonly PendingStatement[],
  measured: readonly Measured[],
  sizes: readonly TableSize[],
): readonly PendingStatement[] => {
  const found = new Map<PendingStatement, Beyond>()
  for (const [i, one] of measured.entries()) {
    const told = statements.filter(({ file, at }) => file === one.file && at === one.at)
    const before = measured[i - 1]
    const beyond = beyondOf(told, one, before?.file === one.file ? (before.locks ?? []) : [])
    // Of several that are sent at once it is not seen which of them did it: those that nothing is known of, else the heaviest.
    const open = told.filter(({ unknown }) => unknown.length > 0)
    if (beyond) for (const statement of open.length > 0 ? open : told.slice(0, 1)) found.set(statement, beyond)
  }
  return statements
    .map((statement) => {
      const beyond = found.get(statement)
      if (!beyond) return statement
      const seen = { ...statement, measured: beyond }
      return { ...seen, size: statement.size ?? sizeOf(sizes, whole(seen).table) }
    })
    .sort((a, b) => weight(whole(b)) - weight(whole(a)))
}

/** A statement as told and as seen, in one. */
export const whole = (statement: PendingStatement): PendingStatement => {
  const { measured } = statement
  if (!measured) return statement
  const locks = strongestEach([...statement.locks, ...(measured.locks ?? [])])
  return {
    ...statement,
    locks,
    lock: locks[0]?.mode ?? 'none',
    table: locks[0]?.table,
    rewrites: statement.rewrites || measured.rewrites.length > 0,
    scans: statement.scans || measured.scans.length > 0,
    destroys: statement.destroys || takesRows(measured),
  }
}

/** Whether rows go with what it was seen to do. */
export const takesRows = ({ emptied, dropped }: Beyond): boolean =>
  emptied.length > 0 || dropped.some(({ kind }) => kind === 'table' || kind === 'column' || kind === 'materialized view')

const beyondOf = (told: readonly PendingStatement[], seen: Measured, held: NonNullable<Measured['locks']>): Beyond | undefined => {
  const clear = told.filter(({ unknown }) => unknown.length === 0)
  const open = clear.length < told.length
  const already = [...told.flatMap((one) => one.locks), ...named(held)]
  const strongest = (table: string) => Math.max(0, ...already.filter((one) => one.table === table).map(({ mode }) => strength(mode)))
  const says = (what: 'rewrites' | 'scans' | 'destroys', table: string) =>
    clear.some((one) => one[what] && one.locks.some((lock) => lock.table === table))
  const words = new Set(clear.flatMap(({ text }) => text.toLowerCase().match(/[\w$]+/g) ?? []))
  const locks = seen.locks && strongestEach(named(seen.locks)).filter(({ table, mode }) => strength(mode) > strongest(table))
  const beyond: Beyond = {
    locks: locks ?? (open ? undefined : []),
    rewrites: seen.rewrites.filter((table) => !says('rewrites', table)),
    // Every kind of statement that a rule is known for is told by it to empty a table, or not.
    emptied: open ? seen.emptied.filter((table) => !says('destroys', table)) : [],
    scans: seen.scans.filter((table) => !seen.rewrites.includes(table) && !says('rewrites', table) && !says('scans', table)),
    dropped: seen.dropped.filter(({ name }) => !words.has(bareOf(name))),
  }
  const { rewrites, emptied, scans, dropped } = beyond
  return [locks ?? [], rewrites, emptied, scans, dropped].some((found) => found.length > 0) ? beyond : undefined
}

/** Without those that nobody feels. */
const named = (held: NonNullable<Measured['locks']>): PendingStatement['locks'] =>
  held.flatMap(({ table, mode }) => lockModes.filter((one) => one === mode).map((one) => ({ table, mode: one })))

const strongestEach = (locks: PendingStatement['locks']): PendingStatement['locks'] =>
  [...locks]
    .sort((a, b) => strength(b.mode) - strength(a.mode))
    .filter(({ table }, i, all) => all.findIndex((one) => one.table === table) === i)

const strength = (mode: LockMode): number => lockModes.indexOf(mode)

/** "title" of "app.tasks.title", "f" of "app.f(integer)". */
const bareOf = (name: string): string => name.toLowerCase().replace(/\(.*/, '').replace(/^.*\./, '')
