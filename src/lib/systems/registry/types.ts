import type { Secret } from '../../secret.ts'
import type { System } from '../systems.ts'

/** One image as its registry has it now. */
export interface RegistryImage {
  readonly digest: string
  /** "linux/amd64" …; undefined where the registry does not say of a plain image. */
  readonly platforms: readonly string[] | undefined
}

/** As whom, and from where, a registry is asked. */
export interface Asker {
  /** The name of a pull secret of the deployment's namespace; without one, as nobody. */
  readonly secret?: string
  /** `user:password` in the place of any pull secret. */
  readonly as?: Secret
  /** The alias of the node that the connection is made from, over SSH; TLS and what is asked begin on this machine, and the node sees neither. */
  readonly node?: string
}

export interface RegistryReader {
  /** The digest and the platforms of an image; undefined and throwing as `digest`. */
  image(image: string): Promise<RegistryImage | undefined>
  /**
   * The digest that an image (host/name:tag) has in its registry, asked with the pull secret of the deployment; undefined where the
   * registry says that it has no such image. Throws Unreachable (`registry-…`) where it does not say either.
   */
  digest(image: string): Promise<string | undefined>
  /** The same as somebody else is told it. Throws Unreachable (`registry-no-secret`, `registry-no-entry`) where the secret has nothing for it, `ssh-…` where the node does not get there. */
  toldTo(asker: Asker, image: string): Promise<string | undefined>
  /** Every tag of an image's repository; undefined where the registry has no such repository. Throws Unreachable (`registry-…`). */
  tags(image: string): Promise<readonly string[] | undefined>
}

/** Images are pushed by whoever builds them; none is written here. */
export interface RegistryWriter {
  /** Takes a tag (host/name:tag) away; one that is gone already is none. Throws Unreachable (`registry-…`; `registry-cannot-delete` where the registry deletes nothing by a tag). */
  readonly deleteTag: (tag: { readonly image: string }) => Promise<void>
}

declare module '../systems.ts' {
  interface Systems {
    readonly registry: System<RegistryReader, RegistryWriter>
  }
}
