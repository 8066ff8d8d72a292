import type { System } from '../systems.ts'
import { type RegistryOptions, readRegistry } from './read-registry.ts'
import { sayRegistry } from './say-registry.ts'
import type { RegistryReader, RegistryWriter } from './types.ts'
import { type WriteRegistryOptions, writeRegistry } from './write-registry.ts'

/** Any registry that speaks the OCI distribution API. */
export const registrySystem = (options: RegistryOptions & WriteRegistryOptions): System<RegistryReader, RegistryWriter> => ({
  read: readRegistry(options),
  write: writeRegistry(options),
  say: sayRegistry(options),
  close: async () => {},
})
