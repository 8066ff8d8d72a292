import type { Secret } from '../../secret.ts'
import type { System } from '../systems.ts'

/** With what a request is signed, and for whom. */
export interface ApnsSigner {
  readonly key: Secret
  /** Apple's id of the key, and of the team that it belongs to. */
  readonly keyId: string
  readonly teamId: string
}

/** What APNs says to who asks; `put off`: that says nothing of the key. */
export type ApnsAnswer =
  | { readonly is: 'let in' }
  /** `reason`: Apple's own word, "InvalidProviderToken". */
  | { readonly is: 'refused'; readonly reason: string }
  | { readonly is: 'put off'; readonly because: string }

export interface ApnsReader {
  /** What the configuration lacks to sign a request, in words; undefined where it has all. */
  lacking(): string | undefined
  /** The ids as the live configuration has them. Throws Unreachable (`apns-no-id`). */
  ids(): Promise<Omit<ApnsSigner, 'key'>>
  /** Asks for a notification to a device that there is not: nobody gets anything, and who asks is looked at first. Without a signer, with the live key. Throws Unreachable (`apns-…`). */
  asked(signer?: ApnsSigner): Promise<ApnsAnswer>
}

/** What is sent to telephones is the application's. */
export type ApnsWriter = Readonly<Record<never, never>>

declare module '../systems.ts' {
  interface Systems {
    readonly apns: System<ApnsReader, ApnsWriter>
  }
}
