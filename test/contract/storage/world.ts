import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { storage as facts, storageHost } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { startStorage } from '../../../src/lib/sandbox/storage/storage.ts'
import type { ContractWorld } from '../contract.ts'

/** A storage with one bucket, which keeps versions and is empty before each case. */
export interface StorageWorld extends ContractWorld {
  /** Where its name lives, TLS verifies it. */
  readonly hostaddr: Readonly<Record<string, string>>
  readonly caFile: string
  /** Puts so many empty objects there. */
  fill(keys: readonly string[]): Promise<void>
  /** All that it has, by every version of it. */
  kept(): Promise<readonly string[]>
  /** Begins an upload in parts, and leaves it. */
  begin(key: string): Promise<void>
  /** `id:key` of a key that it accepts, and that may not list this bucket. */
  weak(): Promise<string>
  /** Accepts connections and does not answer. */
  silent(): Promise<void>
}

export const key = `${facts.id}:${planted.storageKey}`

export const sandboxStorage = async (): Promise<StorageWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-contract-'))
  const caFile = join(folder, 'ca.crt')
  const authority = createAuthority('honeyDue sandbox')
  await writeFile(caFile, authority.certificate)
  const storage = await startStorage(authority.issue({ commonName: storageHost, names: [storageHost] }))
  return {
    hostaddr: { [storageHost]: `127.0.0.1:${storage.port}` },
    caFile,
    async fill(keys) {
      for (const one of keys) storage.objects.set(one, { body: '', version: '1', modified: new Date() })
    },
    kept: async () => [...storage.objects.keys()],
    async begin(one) {
      storage.unfinished.push({ key: one, began: new Date() })
    },
    async weak() {
      storage.without.add('list')
      return key
    },
    async silent() {
      storage.trouble = 'silence'
    },
    reset: async () => storage.reset(),
    async stop() {
      await storage.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
