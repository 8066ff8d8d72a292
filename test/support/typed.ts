import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '@oclif/core/command'
import * as Parser from '@oclif/core/parser'
import { inputOf } from '../../src/lib/cli/flags.ts'
import { reasonOf, Trouble } from '../../src/lib/errors.ts'
import type { Choices, Input } from '../../src/lib/plan/choice.ts'
import type { Context } from '../../src/lib/plan/context.ts'
import { prepare, readersOf } from '../../src/lib/plan/plan.ts'
import type { Procedure } from '../../src/lib/plan/procedure.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { type AnyReport, reports } from '../../src/lib/reports/index.ts'
import type { Name, Systems } from '../../src/lib/systems/systems.ts'
import { root } from './program.ts'

type AnyProcedure = Procedure<Choices, Name, unknown>

/** Words of a line as a shell would take them: blanks part them, quotes hold them together, a comment ends them. */
const wordsOf = (line: string): readonly string[] =>
  [...line.replace(/\s+#.*$/, '').matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))

/** What a line asks of the program: what it is to look at or carry out, where it is one of these. Throws what the program would say. */
const asked = async (
  line: string,
): Promise<{ readonly procedure?: AnyProcedure; readonly report?: AnyReport; readonly input?: Input<Choices> }> => {
  const [program, id = '', ...words] = wordsOf(line)
  if (program !== 'honeydue') return {}
  const file = join(root, 'src/commands', `${id.replaceAll(':', '/')}.ts`)
  if (!existsSync(file)) throw new Error(`there is no command ${id}`)
  const { default: Class } = (await import(file)) as { readonly default: typeof Command }
  if (words.includes('--help')) return {}
  const { flags, args } = await Parser.parse([...words], {
    flags: { ...Class.baseFlags, ...Class.flags },
    args: Class.args,
    strict: Class.strict,
  })
  const procedure = id in procedures ? ((await procedures[id as keyof typeof procedures]()) as unknown as AnyProcedure) : undefined
  const report = id in reports ? ((await reports[id as keyof typeof reports]()) as AnyReport) : undefined
  const choices = (procedure ?? report)?.choices
  return {
    ...(procedure && { procedure }),
    ...(report && { report }),
    ...(choices && { input: await inputOf(choices, { ...flags, ...args }, undefined) }),
  }
}

/** Why the program would not take this line, or undefined: the command is there, its flags and arguments are, and it asks for nothing more. */
export const refused = async (line: string): Promise<string | undefined> => {
  try {
    await asked(line)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** The same, and why it would not go on in this world: its checks, or what it cannot read. Of systems that are not there nothing is said. */
export const refusedNow = async (line: string, systems: Partial<Systems>, context: Context): Promise<string | undefined> => {
  const refusal = await refused(line)
  if (refusal !== undefined) return refusal
  const { procedure, report, input = {} as Input<Choices> } = await asked(line)
  const needs = (procedure ?? report)?.needs ?? []
  if (!needs.every((name) => name in systems)) return undefined
  try {
    if (report) await report.look(input as never, readersOf(systems as Systems, report.needs), context)
    if (!procedure) return undefined
    const { plan } = await prepare(procedure, input, systems as Systems, context)
    if (plan.blocked.length > 0) return plan.blocked.join('; ')
    return plan.steps.some(({ kind, already }) => kind !== 'proof' && !already) ? undefined : 'nothing is to be done there'
  } catch (error) {
    if (error instanceof Trouble) return reasonOf(error)
    throw error
  }
}
