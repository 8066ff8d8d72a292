/** A database of before that a restore has kept on a server. */
export interface KeptDatabase {
  /** Its folder's name below k3s' own of the server. */
  readonly name: string
  /** etcd of this server was reset after it was kept. */
  readonly reset: boolean
  /** Kept within the last day. */
  readonly young: boolean
}

/** What a restore of etcd needs to know of one server, whether or not an API server answers. */
export interface NodeRestore {
  /** systemd's word: active, inactive, failed, activating … */
  readonly k3s: string
  readonly kept: readonly KeptDatabase[]
  /** What its database takes on the disk; absent where it has none. */
  readonly databaseBytes?: number
  /** k3s has left word that etcd was reset, and was not started since. */
  readonly resetFlag: boolean
  /** Where it joins a cluster when it has no database: by `server:` or `--server`; absent where it would begin one. */
  readonly joins?: string
  /** That stands in its configuration file, where a reset reads it too and refuses. */
  readonly joinsByFile: boolean
}

/** How etcd of one server is reset. */
export interface EtcdReset {
  /** Its database is kept under this name, which is marked once the reset is done. */
  readonly keptAs: string
  /** To what this snapshot holds; without one, its own data stays and it is the only member. */
  readonly snapshot?: string
}
