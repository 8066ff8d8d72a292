/** One line of a known_hosts file that speaks of a host. */
export interface KnownKey {
  readonly file: string
  /** 0: the file as a whole, a KRL for example. */
  readonly line: number
  readonly type: string
  /** Base64, as in the file. */
  readonly blob: string
  readonly mark?: 'revoked' | 'cert-authority'
}
