import { readFile, realpath, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Failed, Moved } from '../../errors.ts'
import type { Secret } from '../../secret.ts'
import { sh } from '../../shell.ts'
import { valueFiles } from '../../value-files.ts'
import { createFile, replaceFile, syncFolder } from './replace-file.ts'
import type { ValueSource, ValueWriter } from './types.ts'
import { withValue } from './value-in.ts'

/** Writers of the values that are rotated. Every file is for its owner alone, replaced in one piece, and on the disk before the next step. */
export const writeValues = (folder: string): ValueWriter => {
  const text = (file: string): Promise<string | undefined> =>
    readFile(resolve(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  const drop = async (file: string) => {
    await rm(join(folder, file), { force: true })
    await syncFolder(join(folder, file))
  }
  const put = async ({ file, ...place }: ValueSource, value: Secret) => {
    const before = await text(file)
    const after = before === undefined ? undefined : withValue(before, place, value.reveal())
    if (after === undefined)
      throw new Failed({
        code: 'checkout-no-place',
        failed: `${place.key ?? 'The value'} does not stand exactly once in ${file}`,
        cause: 'Somebody edited it meanwhile',
        next: sh`ls -l ${resolve(folder, file)}`,
      })
    const path = await realpath(resolve(folder, file))
    await replaceFile(path, after, (await stat(path)).mode & 0o700)
  }
  return {
    keepOldValue: ({ base, value }) => replaceFile(join(folder, valueFiles(base).old), value.reveal(), 0o600),
    keepNewValue: async ({ base, value }) => {
      const file = valueFiles(base).new
      if (await createFile(join(folder, file), value.reveal(), 0o600)) return
      if ((await text(file)) !== value.reveal())
        throw new Moved({
          code: 'rotation-begun',
          failed: `Another rotation has put its value at ${file}`,
          cause: 'Somebody else began one at the same moment',
          next: 'the same command again goes on with it',
        })
    },
    placeValue: ({ source, value }) => put(source, value),
    dropOldValue: ({ base }) => drop(valueFiles(base).old),
    dropNewValue: ({ base }) => drop(valueFiles(base).new),
  }
}
