import type { Name, Readers } from '../systems/systems.ts'
import type { Choices, Input } from './choice.ts'
import type { Context } from './context.ts'

/** Something worth saying about the world; `wrong` makes the report exit 3. */
export interface Observation {
  readonly level: 'wrong' | 'warning'
  readonly text: string
  /** The next command to type. */
  readonly next?: string
}

/** What is wrong before what is only worth a warning; those of one level stay in their order. */
export const worstFirst = (findings: readonly Observation[]): readonly Observation[] =>
  (['wrong', 'warning'] as const).flatMap((level) => findings.filter((one) => one.level === level))

/** Aligned columns; a cell is text, '' where nothing is known. */
export interface Table {
  readonly title?: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** What a report shows: what is wrong (worst first), then the tables, then lines of context. */
export interface View {
  readonly findings: readonly Observation[]
  readonly tables: readonly Table[]
  readonly notes?: readonly string[]
  /** Nothing at all could be reached: exit 9. */
  readonly unreachable?: boolean
  /** What it exits with, where the report was asked to say so; otherwise by its findings. */
  readonly exitCode?: number
  /** The same for machines; no rendering in it. */
  readonly data: unknown
}

/** A read-only view. Exit 0 all well, 3 something is wrong, 9 nothing could be reached. */
export interface Report<C extends Choices, N extends Name> {
  readonly id: string
  readonly section?: number
  readonly title: string
  readonly needs: readonly N[]
  readonly choices: C
  look(input: Input<C>, look: Readers<NoInfer<N>>, context: Context): Promise<View>
}

/** Infers the types of a report, and does nothing else. */
export const defineReport = <const C extends Choices, const N extends Name>(report: Report<C, N>): Report<C, N> => report
