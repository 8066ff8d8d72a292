import { inspect } from 'node:util'

const mask = '••••'

/** Every secret of this process: what is kept on a disk or sent elsewhere is looked through for them. */
const known = new Set<string>()

/** The text without any secret that this process has seen, however it came into it. Those of under four characters are words like any other. */
export const scrubbed = (text: string): string => {
  let clean = text
  for (const value of known) if (clean.includes(value)) clean = clean.replaceAll(value, mask)
  return clean
}

/** A value that prints as •••• wherever it ends up; `reveal()` is the only way out, and is easy to grep. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
    if (value.length >= 4) known.add(value)
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return mask
  }

  toJSON(): string {
    return mask
  }

  [Symbol.toPrimitive](): string {
    return mask
  }

  [inspect.custom](): string {
    return mask
  }
}
