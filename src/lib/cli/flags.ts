import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { Usage } from '../errors.ts'
import type { Choice, Choices, Input } from '../plan/choice.ts'

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

const milliseconds = (text: string): number | undefined => {
  const [, count, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  return count === undefined || unit === undefined ? undefined : Number(count) * (units[unit] ?? 0)
}

/** The flags of a procedure's or report's choices: none is required, because a missing one may be asked for. */
export const flagsOf = (choices: Choices) =>
  Object.fromEntries(
    entriesOf(choices, 'flag').map(([name, choice]) => {
      const common = { summary: choice.about, ...(choice.not && { exclusive: [...choice.not] }) }
      if (choice.kind === 'toggle') return [name, Flags.boolean(common)]
      const told = { ...common, ...(choice.options && { options: [...choice.options] }) }
      if (choice.kind === 'texts') return [name, Flags.string({ ...told, multiple: true })]
      return [name, Flags.string({ ...told, ...(choice.default !== undefined && { default: choice.default }) })]
    }),
  )

/** The values of one answer to a question that takes several: `7, 8` or `7 8`. */
export const severalOf = (answer: string): readonly string[] => answer.split(/[\s,]+/).filter(Boolean)

/** The words that stand in their place, in the order of the choices. */
export const argsOf = (choices: Choices) =>
  Object.fromEntries(
    entriesOf(choices, 'argument').map(([name, { about, kind }]) => [
      name,
      Args.string({ description: about, ...(kind === 'arguments' && { multiple: true as const }) }),
    ]),
  )

const entriesOf = (choices: Choices, as: 'argument' | 'flag') =>
  Object.entries(choices).filter(([, { kind }]) => kind.startsWith('argument') === (as === 'argument'))

/** Who answers for a missing choice; undefined where nobody can be asked. */
export type Ask = ((name: string, choice: Choice<unknown>) => Promise<string>) | undefined

/** The input that was typed, with what is missing asked for, or a Usage error that names the flag. */
export const inputOf = async <C extends Choices>(choices: C, typed: Readonly<Record<string, unknown>>, ask: Ask): Promise<Input<C>> => {
  const input: Record<string, unknown> = {}
  for (const [name, choice] of Object.entries(choices)) {
    // What excludes a choice also stands in for it: --all-residence-ids for --user.
    const instead = (choice.not ?? []).some((other) => typed[other] !== undefined && typed[other] !== false)
    input[name] = await choose(name, choice, typed[name], ask, instead)
  }
  return input as Input<C>
}

const choose = async (name: string, choice: Choice<unknown>, typed: unknown, ask: Ask, instead: boolean): Promise<unknown> => {
  if (choice.kind === 'toggle') return typed === true
  if (choice.kind === 'texts' || choice.kind === 'arguments') {
    const given = (typed as readonly string[] | undefined) ?? []
    const all = given.length > 0 || choice.ask === undefined || instead ? given : severalOf(await missing(name, choice, ask))
    for (const one of all) refuse(name, choice, one)
    return all
  }
  const value = typed === undefined && choice.ask !== undefined ? await missing(name, choice, ask) : typed
  if (value === undefined) return undefined
  refuse(name, choice, String(value))
  return choice.kind === 'duration' ? durationOf(name, value) : value
}

/** Milliseconds of "30s" or "5m". Throws Usage that names the flag. */
export const durationOf = (name: string, value: unknown): number => {
  const parsed = milliseconds(String(value))
  if (parsed === undefined) throw usage(name, `--${name}: "${value}" is no duration such as 30s or 5m`)
  return parsed
}

const missing = (name: string, choice: Choice<unknown>, ask: Ask): Promise<string> => {
  if (ask) return ask(name, choice)
  const instead = (choice.not ?? []).map((other) => ` or --${other}`).join('')
  const options = choice.options ? `: one of ${choice.options.join(', ')}` : ''
  throw usage(name, `${typedAs(name, choice)}${instead} is missing${options}`, 'It must be given where there is no terminal to ask on')
}

/** Here alone is an empty value refused, of every choice: what selects nothing is never taken for all. */
const refuse = (name: string, choice: Choice<unknown>, value: string): void => {
  if (value.trim() === '')
    throw usage(name, `${typedAs(name, choice)} is empty`, 'An empty value selects nothing, and is never taken for all')
  const because = choice.refuse?.(value)
  if (because !== undefined) throw usage(name, `${typedAs(name, choice)}: ${because}`)
}

const usage = (name: string, failed: string, cause = 'The flag takes another kind of value'): Usage =>
  new Usage({ code: `flag-${name}`, failed, cause })

const typedAs = (name: string, { kind }: Choice<unknown>): string => (kind.startsWith('argument') ? name.toUpperCase() : `--${name}`)
