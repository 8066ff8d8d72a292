import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Moved } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { writePair } from './pair.ts'
import { replaceFile } from './replace-file.ts'
import type { CheckoutReader, CheckoutWriter } from './types.ts'

/** The writing half: one value of a file, or the pair of a certificate. */
export const writeCheckout = (folder: string, { text }: Pick<CheckoutReader, 'text'>): CheckoutWriter => ({
  setScalar: async ({ file, key, from, to }) => {
    const [before, { findScalars, replaceScalar }] = await Promise.all([text(file), import('./scalars.ts')])
    const found = before === undefined ? [] : findScalars(before, from).filter((one) => one.key === key)
    const [one] = found
    if (before === undefined || !one || found.length > 1) {
      throw new Moved({
        code: 'checkout-moved',
        failed: `${file} has no longer one ${key} that is ${from}`,
        cause: 'Somebody edited it meanwhile',
        next: sh`git -C ${folder} diff -- ${file}`,
      })
    }
    const real = await realpath(join(folder, file))
    await replaceFile(real, replaceScalar(before, one, to), (await stat(real)).mode)
  },
  setWord: async ({ file, line, from, to }) => {
    const lines = (await text(file))?.split('\n') ?? []
    const parts = lines[line - 1]?.split(from) ?? []
    if (parts.length !== 2) {
      throw new Moved({
        code: 'checkout-moved',
        failed: `line ${line} of ${file} is no longer one that says ${from}`,
        cause: 'Somebody edited it meanwhile',
        next: sh`git -C ${folder} diff -- ${file}`,
      })
    }
    const real = await realpath(join(folder, file))
    await replaceFile(real, lines.with(line - 1, parts.join(to)).join('\n'), (await stat(real)).mode)
  },
  ...writePair(folder),
})
