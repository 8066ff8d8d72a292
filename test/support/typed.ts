import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from '@oclif/core/command'
import * as Parser from '@oclif/core/parser'
import { inputOf } from '../../src/lib/cli/flags.ts'
import { procedures } from '../../src/lib/procedures/index.ts'
import { root } from './program.ts'

/** Words of a line as a shell would take them: blanks part them, quotes hold them together, a comment ends them. */
const wordsOf = (line: string): readonly string[] =>
  [...line.replace(/\s+#.*$/, '').matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))

/** Why the program would not take this line, or undefined: the command is there, its flags and arguments are, and it asks for nothing more. */
export const refused = async (line: string): Promise<string | undefined> => {
  const [program, id = '', ...words] = wordsOf(line)
  if (program !== 'honeydue') return undefined
  const file = join(root, 'src/commands', `${id.replaceAll(':', '/')}.ts`)
  if (!existsSync(file)) return `there is no command ${id}`
  const { default: Class } = (await import(file)) as { readonly default: typeof Command }
  if (words.includes('--help')) return undefined
  try {
    const { flags, args } = await Parser.parse([...words], {
      flags: { ...Class.baseFlags, ...Class.flags },
      args: Class.args,
      strict: Class.strict,
    })
    const procedure = id in procedures ? await procedures[id as keyof typeof procedures]() : undefined
    if (procedure) await inputOf(procedure.choices, { ...flags, ...args }, undefined)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
