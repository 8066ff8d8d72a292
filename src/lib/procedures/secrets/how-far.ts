import { randomBytes } from 'node:crypto'
import { Blocked } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import { digestOf } from '../../secret-digest.ts'
import { sh } from '../../shell.ts'
import type { CheckoutReader } from '../../systems/checkout/types.ts'
import { valueFiles } from '../../value-files.ts'
import type { Rotated, RotationWish, ValueFacts } from './rotation-types.ts'

/** Two values are the same; neither is shown. */
export const same = (one: Secret | undefined, other: Secret | undefined): boolean =>
  one !== undefined && other !== undefined && digestOf(one.reveal()) === digestOf(other.reveal())

/** By which the files of a key's two values are named. */
export const baseOf = (key: string): string => `deploy-k3s/secrets/${key.toLowerCase()}`

export interface Standing {
  readonly base: string
  readonly called: string
  readonly madeAt: string | undefined
  readonly present: Secret
  readonly inSource: Secret | undefined
  /** The live one is young, and was written by a rotation. */
  readonly over: boolean
  /** The value as it is to be kept. Throws Blocked where it is none that can be used. */
  readonly fitted: (what: string, value: Secret) => Secret
}

/** By the files: a kept new value is a rotation under way. */
export const howFar = async (
  checkout: CheckoutReader,
  { base, called, present, inSource, over, madeAt, fitted }: Standing,
  { from, typed }: Pick<RotationWish, 'from' | 'typed'>,
): Promise<Pick<ValueFacts, 'next' | 'old'> & { readonly made: boolean } & { readonly kept: boolean }> => {
  const files = valueFiles(base)
  const [kept, before, given] = await Promise.all([
    checkout.secret(files.new),
    checkout.secret(files.old),
    from === undefined ? typed && fitted('What was typed', typed) : givenIn(checkout, from, fitted),
  ])
  if (kept) {
    if (given && !same(given, kept)) throw otherBegun(files.new)
    const old = before ?? [present, inSource].find((one) => one !== undefined && !same(one, kept))
    return { next: kept, old: same(old, kept) ? undefined : old, made: false, kept: true }
  }
  if (given ? same(given, present) : over && same(present, inSource)) return { next: present, old: undefined, made: false, kept: false }
  if (given === undefined && madeAt !== undefined) throw noValue(called, madeAt)
  return { next: given ?? make(), old: present, made: given === undefined, kept: false }
}

/** Letters and digits alone, a letter first: nothing that a URL, YAML or a shell would take for something else. */
const make = (): Secret => new Secret(`h${randomBytes(24).toString('hex')}`)

const givenIn = async (checkout: CheckoutReader, file: string, fitted: Standing['fitted']): Promise<Secret> => {
  const value = await checkout.given(file)
  if (value === undefined) throw unusable(`What is in ${file}`, 'There is no such file')
  return fitted(`What is in ${file}`, value)
}

/** The value as it is to be kept, by what kind of value it is. Throws Blocked where it is none that can be used. */
export const fitting =
  ({ lines, half, form }: Pick<Rotated, 'lines' | 'half' | 'form'>): Standing['fitted'] =>
  (what, given) => {
    const one = half ? new Secret(given.reveal().replace(/^[^:]*:/, '')) : given
    const value = lines ? new Secret(inLines(one.reveal())) : usable(what, one)
    const no = form?.(value)
    if (no !== undefined) throw unusable(what, no)
    return value
  }

/** Without empty lines, and every line ends with a line break and with nothing else: as the lines by hand have it. */
const inLines = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\r$/, ''))
    .filter((line) => /[^ \t]/.test(line))
    .map((line) => `${line}\n`)
    .join('')

/** The value, where it may stand in a URL, in YAML and in a line. Throws Blocked where not. */
const usable = (what: string, value: Secret): Secret => {
  const text = value.reveal()
  if (!/^[!-~]{8,200}$/.test(text))
    throw unusable(what, 'It is to have 8 to 200 letters, digits and signs, and no space or line break between them')
  if (/["'\\]/.test(text)) throw unusable(what, 'Quotes and backslashes are read otherwise by YAML, shells and URLs')
  return value
}

const unusable = (what: string, cause: string): Blocked =>
  new Blocked({
    code: 'secrets-bad-value',
    failed: `${what} is no value that can be used`,
    cause,
    next: 'the same command with another one',
  })

const noValue = (key: string, madeAt: string): Blocked =>
  new Blocked({
    code: 'secrets-no-value',
    failed: `Only a human can make a new ${key}, and none was given`,
    cause: `It is made at ${madeAt}`,
    next: sh`honeydue secrets:rotate ${key} --from FILE   # or on a terminal, where it is asked for and not shown`,
  })

export const otherBegun = (file: string): Blocked =>
  new Blocked({
    code: 'secrets-other-begun',
    failed: 'A rotation to another value is under way',
    cause: `${file} has its new value`,
    next: 'the same command without --from goes on with it',
  })
