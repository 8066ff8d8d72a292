import type { System } from '../systems.ts'

export interface RegistryReader {
  /**
   * The digest that an image (host/name:tag) has in its registry, asked with the pull secret of the deployment; undefined where the
   * registry says that it has no such image. Throws Unreachable (`registry-…`) where it does not say either.
   */
  digest(image: string): Promise<string | undefined>
}

/** Images are pushed by whoever builds them. */
export type RegistryWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    readonly registry: System<RegistryReader, RegistryWriter>
  }
}
