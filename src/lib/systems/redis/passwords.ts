import { createHash } from 'node:crypto'
import { Trouble } from '../../errors.ts'
import { Secret } from '../../secret.ts'
import type { RedisConnection } from './connection.ts'
import type { PasswordReader, PasswordWriter } from './types.ts'

/** The user that every client without a name of its own logs in as. */
const user = 'default'

/** By which an ACL names a password: no command that is sent, and no error that answers one, has the password itself. */
const hashOf = (password: Secret): string => createHash('sha256').update(password.reveal()).digest('hex')

/** Hashes that the user has now; `ACL GETUSER` answers pairs. */
const hashesOf = (answer: unknown): readonly string[] => {
  const pairs = Array.isArray(answer) ? (answer as readonly unknown[]) : []
  const at = pairs.findIndex((one, i) => i % 2 === 0 && one === 'passwords')
  const found = at < 0 ? [] : pairs[at + 1]
  return Array.isArray(found) ? found.map(String) : []
}

/** `loggingIn`: with this password, over a way of its own: what is open already proves nothing of a password. */
export const readPasswords = (connection: RedisConnection, loggingIn: (password: Secret) => RedisConnection): PasswordReader => ({
  accepts: async (password) => {
    // One that is not among them is not tried: a login that is refused is counted there, and asked for elsewhere.
    if (!hashesOf(await connection.use((redis) => redis.call('acl', 'getuser', user))).includes(hashOf(password))) return false
    const fresh = loggingIn(password)
    try {
      return !(await fresh.open())
    } catch (error) {
      if (error instanceof Trouble && error.code === 'redis-credentials') return false
      throw error
    } finally {
      await fresh.close()
    }
  },
  ownPassword: async () => {
    const [, value] = (await connection.use((redis) => redis.config('GET', 'requirepass'))) as string[]
    return value === undefined || value === '' ? undefined : new Secret(value)
  },
  strangePasswords: async (known) => {
    const ours = new Set(known.map(hashOf))
    return hashesOf(await connection.use((redis) => redis.call('acl', 'getuser', user))).filter((hash) => !ours.has(hash)).length
  },
})

export const writePasswords = (connection: RedisConnection): PasswordWriter => ({
  addPassword: async (password) => {
    const hash = hashOf(await password.read())
    await connection.use((redis) => redis.call('acl', 'setuser', user, `#${hash}`))
  },
  // CONFIG SET drops every other one: within a transaction there is no moment without the second.
  makeOwn: async ({ password, beside }) => {
    const [own, other] = await Promise.all([password.read(), beside.read()])
    await connection.use(async (redis) => {
      const answers = await redis
        .multi()
        .config('SET', 'requirepass', own.reveal())
        .call('acl', 'setuser', user, `#${hashOf(other)}`)
        .exec()
      for (const [error] of answers ?? []) if (error) throw error
    })
  },
  removePassword: async (password) => {
    const hash = hashOf(await password.read())
    await connection.use(async (redis) => {
      if (!hashesOf(await redis.call('acl', 'getuser', user)).includes(hash)) return
      await redis.call('acl', 'setuser', user, `!${hash}`)
    })
  },
})
