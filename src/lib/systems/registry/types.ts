import type { System } from '../systems.ts'

/** One image as its registry has it now. */
export interface RegistryImage {
  readonly digest: string
  /** "linux/amd64" …; undefined where the registry does not say of a plain image. */
  readonly platforms: readonly string[] | undefined
}

export interface RegistryReader {
  /** The digest and the platforms of an image; undefined and throwing as `digest`. */
  image(image: string): Promise<RegistryImage | undefined>
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
