import { type Clock, type Duration, seconds } from '../../clock.ts'
import { Unreachable } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import type { Trust } from '../https.ts'
import type { System } from '../systems.ts'
import { readToken, storageKey } from '../token.ts'
import { storageClient } from './client.ts'
import { readStorage } from './read-storage.ts'
import { sayStorage } from './say-storage.ts'
import type { StorageReader, StorageWriter } from './types.ts'
import { writeStorage } from './write-storage.ts'

export interface StorageOptions extends Trust {
  readonly endpoint: string
  readonly region: string
  readonly bucket: string
  /** What is listed to see whether a key is let in. */
  readonly prefix?: string
  /** The names under which the live key's two halves stand. */
  readonly idKey?: string | undefined
  readonly keyKey?: string | undefined
  /** One value of the live configuration, by its name. */
  readonly value: (name: string) => Promise<Secret | undefined>
  /** Prints `id:key`, where the names are not known. */
  readonly key_command?: readonly string[] | undefined
  readonly clock: Clock
  readonly signal?: AbortSignal | undefined
  readonly timeout?: Duration
}

/** Codes of answers to a request that came through. */
const said: ReadonlySet<string> = new Set(['storage-credentials', 'storage-forbidden', 'storage-cap', 'storage-busy', 'storage-clock'])

/** The bucket that holds what users upload, over its S3 API. */
export const storageSystem = (options: StorageOptions): System<StorageReader, StorageWriter> => {
  const { idKey, keyKey, key_command: command, clock, signal, prefix = '' } = options
  const live = idKey !== undefined && keyKey !== undefined ? ([idKey, keyKey] as const) : undefined
  const named = async (name: string): Promise<string> => {
    const found = await options.value(name)
    if (found !== undefined) return found.reveal()
    throw new Unreachable({
      code: 'storage-no-key',
      failed: `The live configuration has no ${name}`,
      cause: 'storage.idKey or storage.keyKey names another than the application reads',
      next: 'honeydue config:explain',
    })
  }
  const key = async (): Promise<Secret> =>
    live
      ? new Secret((await Promise.all(live.map(named))).join(':'))
      : readToken(storageKey, { command, variable: undefined, ...(signal && { signal }) })
  const client = storageClient({ ...options, timeout: options.timeout ?? seconds(5), key })
  const reads = readStorage(client, clock)
  return {
    read: {
      lacking: async () =>
        live === undefined && command === undefined
          ? 'neither storage.idKey with storage.keyKey nor storage.key_command is in the configuration'
          : undefined,
      letsIn: async (given) => {
        // A client of its own: the live key may be another one by now.
        const { ask } = storageClient({ ...options, timeout: options.timeout ?? seconds(5), key: given ? async () => given : key })
        const query = { 'list-type': '2', 'max-keys': '1', prefix }
        try {
          await ask({ doing: `list ${prefix}`, query, root: 'ListBucketResult' })
          return { is: 'let in' }
        } catch (error) {
          if (!(error instanceof Unreachable) || !said.has(error.code)) throw error
          return { is: error.code === 'storage-credentials' ? 'refused' : 'put off', because: error.likely ?? error.failed }
        }
      },
      ...reads,
    },
    write: writeStorage(client, reads, options.bucket),
    say: sayStorage(options),
    close: async () => {},
  }
}
