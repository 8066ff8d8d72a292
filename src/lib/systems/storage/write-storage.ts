import type { storageClient } from './client.ts'
import { lifecycleRequest } from './rules.ts'
import { rulesMoved } from './trouble.ts'
import type { StorageReader, StorageWriter } from './types.ts'

/** The writing half: S3 has no condition for this request, so that the rules are read once more just before it. */
export const writeStorage = (
  { ask }: ReturnType<typeof storageClient>,
  { lifecycle }: Pick<StorageReader, 'lifecycle'>,
  bucket: string,
): StorageWriter => ({
  setLifecycle: async ({ from, to }) => {
    const [now, then] = [await lifecycle(), from].map((rules) => rules.map(({ text }) => text).join())
    if (now !== then) throw rulesMoved(bucket)
    await ask({ doing: 'set the lifecycle rules', ...lifecycleRequest(to) })
  },
})
