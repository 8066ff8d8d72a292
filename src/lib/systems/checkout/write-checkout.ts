import { realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Moved } from '../../errors.ts'
import { sh } from '../../shell.ts'
import { writePair } from './pair.ts'
import { replaceFile } from './replace-file.ts'
import type { CheckoutReader, CheckoutWriter } from './types.ts'
import { writeValues } from './values.ts'

/** A line that sets this key, as a shell reads it. */
const settingOf = (key: string): RegExp => new RegExp(`^\\s*(?:export\\s+)?${key}=`, 'm')

/** The writing half: one value of a file, or the pair of a certificate. */
export const writeCheckout = (folder: string, { text }: Pick<CheckoutReader, 'text'>): CheckoutWriter => {
  const moved = (file: string, failed: string) =>
    new Moved({ code: 'checkout-moved', failed, cause: 'Somebody edited it meanwhile', next: sh`git -C ${folder} diff -- ${file}` })
  const replace = async (file: string, content: string): Promise<void> => {
    const real = await realpath(join(folder, file))
    await replaceFile(real, content, (await stat(real)).mode)
  }
  return {
    setScalar: async ({ file, key, from, to }) => {
      const [before, { findScalars, replaceScalar }] = await Promise.all([text(file), import('./scalars.ts')])
      const found = before === undefined ? [] : findScalars(before, from).filter((one) => one.key === key)
      const [one] = found
      if (before === undefined || !one || found.length > 1) {
        throw moved(file, `${file} has no longer one ${key} that is ${from}`)
      }
      await replace(file, replaceScalar(before, one, to))
    },
    setWord: async ({ file, line, from, to }) => {
      const lines = (await text(file))?.split('\n') ?? []
      const parts = lines[line - 1]?.split(from) ?? []
      if (parts.length !== 2) {
        throw moved(file, `line ${line} of ${file} is no longer one that says ${from}`)
      }
      await replace(file, lines.with(line - 1, parts.join(to)).join('\n'))
    },
    addSetting: async ({ file, key, line }) => {
      const before = await text(file)
      if (before === undefined || settingOf(key).test(before)) throw moved(file, `there is no ${file}, or it sets ${key} already`)
      await replace(file, `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`)
    },
    removeSetting: async ({ file, line }) => {
      const lines = (await text(file))?.split('\n') ?? []
      if (!lines.includes(line)) throw moved(file, `${file} has no line that is ${line}`)
      await replace(file, lines.filter((one) => one !== line).join('\n'))
    },
    ...writePair(folder),
    ...writeValues(folder),
  }
}
