import { inspect } from 'node:util'

const mask = '••••'

/** A value that prints as •••• wherever it ends up; `reveal()` is the only way out, and is easy to grep. */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
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
