import { createHash } from 'node:crypto'

const hashOf = (password: string): string => createHash('sha256').update(password).digest('hex')

/** The passwords of the one user that there is, as Redis keeps them: by SHA-256, in the order in which they came; none is `nopass`. */
export const createPasswords = () => {
  const hashes = new Set<string>()
  return {
    /** Whoever comes is let in. */
    open: (): boolean => hashes.size === 0,
    accepts: (password: string): boolean => hashes.size === 0 || hashes.has(hashOf(password)),
    hashes: (): readonly string[] => [...hashes],
    add: (password: string): void => void hashes.add(hashOf(password)),
    addHash: (hash: string): void => void hashes.add(hash),
    /** False where there is no such one. */
    remove: (password: string): boolean => hashes.delete(hashOf(password)),
    removeHash: (hash: string): boolean => hashes.delete(hash),
    /** As `requirepass` sets it: this one alone, and none where it is empty. */
    only: (password: string): void => {
      hashes.clear()
      if (password !== '') hashes.add(hashOf(password))
    },
  }
}

export type Passwords = ReturnType<typeof createPasswords>
