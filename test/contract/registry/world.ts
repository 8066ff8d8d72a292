import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority } from '../../../src/lib/sandbox/certificates.ts'
import { imageNames, registryHost, tags } from '../../../src/lib/sandbox/deployment/facts.ts'
import { planted } from '../../../src/lib/sandbox/deployment/planted.ts'
import { startRegistry } from '../../../src/lib/sandbox/registry/registry.ts'
import type { ContractWorld } from '../contract.ts'

/** How a registry wants to be asked: with a token that a service of its own gives for user and password, or with these themselves. */
export type RegistryAuth = 'token' | 'basic'

/** A registry that has `repository` with one tag, an index of images, for one user. */
export interface RegistryWorld extends ContractWorld {
  /** Where its names live, TLS verifies them. */
  readonly hostaddr: Readonly<Record<string, string>>
  readonly caFile: string
  /** Accepts connections and does not answer. */
  silent(): Promise<void>
}

export const repository = imageNames[0] ?? ''
export const tag = tags.goose
export const credentials = `admin:${planted.registryPassword}`

/** A file for the time of a world. */
const fileOf = async (text: string): Promise<{ readonly path: string; remove(): Promise<void> }> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-contract-'))
  const path = join(folder, 'file')
  await writeFile(path, text, { mode: 0o600 })
  return { path, remove: () => rm(folder, { recursive: true, force: true }) }
}

/** The sandbox's registry over TLS, with these tags of every image. */
export const sandboxed = async (auth: RegistryAuth, of: () => Promise<readonly string[]>) => {
  const authority = createAuthority('honeyDue sandbox')
  const ca = await fileOf(authority.certificate)
  const identity = authority.issue({ commonName: registryHost, names: [registryHost] })
  const registry = await startRegistry({ identity, tags: of, auth })
  return {
    registry,
    hostaddr: { [registryHost]: `127.0.0.1:${registry.port}` },
    caFile: ca.path,
    reset: async () => registry.reset(),
    async stop() {
      await registry.stop()
      await ca.remove()
    },
  }
}

export const sandboxRegistry = (auth: RegistryAuth) => async (): Promise<RegistryWorld> => {
  const { registry, ...world } = await sandboxed(auth, async () => [tag])
  return {
    ...world,
    silent: async () => {
      registry.trouble = 'silence'
    },
  }
}
