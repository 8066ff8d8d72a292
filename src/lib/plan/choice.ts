declare const type: unique symbol

/** A thing the operator chooses; `cli/` alone maps it to a flag and, on a terminal, to a prompt. */
export interface Choice<T> {
  readonly kind: 'choice' | 'text' | 'texts' | 'toggle' | 'duration' | 'argument' | 'arguments'
  /** One fragment for the help: "which endpoint the application uses". */
  readonly about: string
  readonly options?: readonly string[]
  /** The question that is asked on a terminal when the flag is missing; without it a missing value stays undefined (or false, or []). */
  readonly ask?: string
  /** Shown in the help and used when nothing is given. */
  readonly default?: string
  /** The flag is exclusive with these. */
  readonly not?: readonly string[]
  /** Refuses a value with a sentence. */
  readonly refuse?: (value: string) => string | undefined
  readonly [type]?: T
}

export type Choices = Readonly<Record<string, Choice<unknown>>>
export type Input<C extends Choices> = { readonly [K in keyof C]: C[K] extends Choice<infer T> ? T : never }

type About<T> = Omit<Choice<T>, 'kind' | 'options' | typeof type>

/** One of a few words: `--to pooler|direct`. */
export const oneOf = <const O extends readonly string[]>(
  options: O,
  about: About<O[number]> & { readonly ask: string },
): Choice<O[number]> => ({
  kind: 'choice',
  options,
  ...about,
})

/** A word that must be given. */
export const text = (about: About<string> & { readonly ask: string }): Choice<string> => ({ kind: 'text', ...about })

/** A word in its place, without a flag: `edge:drain hetzner2`. */
export const argument = (about: Omit<About<string>, 'not' | 'default'> & { readonly ask: string }): Choice<string> => ({
  kind: 'argument',
  ...about,
})

/** The same where nothing has to stand: `deploy:rollback api`, or all. */
export const optionalArgument = (about: Omit<About<string>, 'not' | 'default' | 'ask'>): Choice<string | undefined> => ({
  kind: 'argument',
  ...about,
})

/** As many words as are given, in their place: `queue:drop ID ID`. The only one of its kind in a command. */
export const optionalArguments = (about: Omit<About<readonly string[]>, 'default' | 'ask'>): Choice<readonly string[]> => ({
  kind: 'arguments',
  ...about,
})

/** A word that may be left out. */
export const optionalText = (about: Omit<About<string>, 'ask'>): Choice<string | undefined> => ({ kind: 'text', ...about })

/** A flag that may be given several times. */
export const texts = (about: About<readonly string[]>): Choice<readonly string[]> => ({ kind: 'texts', ...about })

export const toggle = (about: Omit<About<boolean>, 'ask'>): Choice<boolean> => ({ kind: 'toggle', ...about })

/** `--within 5m`: milliseconds. */
export const duration = (about: Omit<About<number>, 'ask'> & { readonly default: string }): Choice<number> => ({
  kind: 'duration',
  ...about,
})
