/** A line of an authorized_keys file that lets somebody in, as ssh-keygen reads it. */
export interface AuthorizedKey {
  /** `SHA256:…` */
  readonly fingerprint: string
  /** ED25519, RSA, ED25519-SK … */
  readonly type: string
  readonly comment: string
  /** The key itself in base64, which is no secret: what tells its line from others. */
  readonly blob: string
  /** It lets in whoever it has signed for. */
  readonly authority: boolean
  /** Options stand before it: from, command … */
  readonly restricted: boolean
}

/** One file of keys, as sshd's own configuration names it. */
export interface KeysFile {
  readonly path: string
  /** Who signs in by it. */
  readonly accounts: readonly string[]
  readonly keys: readonly AuthorizedKey[]
  /** Files of before that a revocation has left beside it. */
  readonly kept: readonly { readonly name: string; readonly keys: readonly AuthorizedKey[] }[]
}

/** By which keys a node lets people in. */
export interface NodeKeys {
  readonly files: readonly KeysFile[]
  /** What else lets in, and is in no such file: `AuthorizedKeysCommand /usr/bin/…`. */
  readonly beside: readonly string[]
}

/** Keys that leave a file, which is kept beside it under that name. */
export interface LeavingKeys {
  readonly path: string
  readonly blobs: readonly string[]
  readonly keptAs: string
}

export interface KeysReader {
  /** Every account that can sign in, and the files that sshd looks into for it. Throws Unreachable (`ssh-command`) where root may not be asked, or sshd not. */
  authorizedKeys(alias: string): Promise<NodeKeys>
  /** Fingerprints of every key that this machine would offer it. */
  ownKeys(alias: string): Promise<readonly string[]>
  /** Whether a login that begins anew gets in: with this machine's keys, or with one file alone. Throws Unreachable (`ssh-key`) for a file that cannot be tried. */
  admits(alias: string, keyFile?: string): Promise<boolean>
}

export interface KeysWriter {
  /** Takes every line with one of the keys out of a file; the others stay byte for byte. */
  removeKeys(alias: string, keys: LeavingKeys): Promise<void>
  /** The file of before into its place; where somebody has changed the present one since, the keys alone are put back. */
  putBackKeys(alias: string, keys: LeavingKeys): Promise<void>
}
