import type { System } from '../systems.ts'
import { type RegistryOptions, readRegistry } from './read-registry.ts'
import type { RegistryReader, RegistryWriter } from './types.ts'

/** Any registry that speaks the OCI distribution API. */
export const registrySystem = (options: RegistryOptions): System<RegistryReader, RegistryWriter> => ({
  read: readRegistry(options),
  write: {},
  say: {},
  close: async () => {},
})
