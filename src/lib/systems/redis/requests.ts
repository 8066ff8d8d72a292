import { residenceIdsKey } from '../../residence-ids.ts'

/** How many keys one UNLINK takes. */
export const batch = 500

/** One command as Redis takes it: the writer sends it, and its shell line says the same. */
export type RedisCommand = readonly [name: string, ...words: string[]]

/** Deletes keys; Redis frees their memory later, in a thread of its own. */
export const unlinkCommand = (keys: readonly string[]): RedisCommand => ['unlink', ...keys]

export const keysOf = (users: readonly string[]): readonly string[] => users.map(residenceIdsKey)
