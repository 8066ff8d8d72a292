/** Marks a file of keys that a revocation has kept: no pattern of sshd's AuthorizedKeysFile names it. */
export const keptMark = '.revoked-'
