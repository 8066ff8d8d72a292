import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'

/** What became of a login; the words are the server's own. */
export type Login =
  | { readonly is: 'accepted' }
  /** 5xx, and what it said. */
  | { readonly is: 'refused'; readonly code: number; readonly words: string }
  /** 4xx: it says nothing of the password. */
  | { readonly is: 'put off'; readonly code: number; readonly words: string }
  /** The server offers none that a password could be used with. */
  | { readonly is: 'not offered' }
  /** `unread`: the Secret could not be asked for the password. */
  | { readonly is: 'not tried'; readonly because: string; readonly unread?: true }

/** A submission server, asked as far as a login; nothing was sent to anybody. */
export interface Submission {
  /** Its first words. */
  readonly greeting: string
  /** PEM, of the verified handshake. */
  readonly certificate: string
  /** "TLSv1.3". */
  readonly protocol: string
  /** What it offers after TLS: "PLAIN", "LOGIN" … */
  readonly mechanisms: readonly string[]
  readonly login: Login
}

/** A message of ours that the server took since this program started: SMTP has no way to ask for it afterwards. */
export interface Handed {
  readonly from: string
  readonly to: string
  /** Of its head, without the angle brackets. */
  readonly id: string
  /** What the server said when it took it; the name that it gave it stands there, if anywhere. */
  readonly words: string
}

export interface MailReader {
  readonly handed: () => Promise<readonly Handed[]>
  /** STARTTLS, the handshake, and a login with this password, else with the live one; ends there, and sends no message. Throws Unreachable (`mail-…`). */
  submission(password?: Secret): Promise<Submission>
  /** Where a domain takes mail, the first choice first; [] where it has no such record. Throws Unreachable (`dns-…`) where nobody says. */
  exchanges(domain: string): Promise<readonly string[]>
  /** Every TXT record of a name, its pieces joined; [] where it has none. Throws Unreachable (`dns-…`). */
  texts(name: string): Promise<readonly string[]>
}

export interface MailWriter {
  /** Hands one short test message over, under this Message-ID. Throws Unreachable (`mail-…`); `mail-not-known` where the server may have taken it. */
  readonly sendTest: (message: { readonly from: string; readonly to: string; readonly id: string }) => Promise<void>
}

export interface MailProver {
  /** A login with what is in this file is let in, or is refused. */
  letsIn(file: string, wanted: boolean): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly mail: System<MailReader, MailWriter, MailProver>
  }
}
