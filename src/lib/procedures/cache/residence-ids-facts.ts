import { counted } from '../../counted.ts'
import { Usage } from '../../errors.ts'
import { isRefusal } from '../../facts/cache/refusal.ts'
import { every, type Finding, fails, holds, when } from '../../plan/finding.ts'
import { residenceIdsKey } from '../../residence-ids.ts'
import type { Family, KeyLife, RedisReader } from '../../systems/redis/types.ts'

/** Cached residence IDs as they were when the plan was made. */
export interface ResidenceIdsFacts {
  readonly target: string
  /** The users named; empty when the whole family is meant. */
  readonly users: readonly string[]
  readonly whole: boolean
  /** One life a key, in the users' order. */
  readonly lives: readonly KeyLife[]
  /** The whole family, where that is meant. */
  readonly family?: Family
  readonly readOnly: boolean
  readonly atMost: number
}

/** The cache's own time to live; a longer one means that these keys are something else. */
export const residenceIdsTtl = 5 * 60_000

/** Reads the named users' keys, or the whole family; throws Usage when it is not one of the two. */
export const gatherResidenceIds = async (
  users: readonly string[],
  whole: boolean,
  atMost: number,
  redis: RedisReader,
): Promise<ResidenceIdsFacts> => {
  if (whole === users.length > 0) {
    throw new Usage({
      code: 'cache-invalidate-what',
      failed: whole ? '--user and --all-residence-ids exclude each other' : 'Neither --user nor --all-residence-ids was given',
      next: 'honeydue cache:invalidate --user 42',
    })
  }
  const wanted = [...new Set(users)]
  const keys = wanted.map(residenceIdsKey)
  // Who may not ask INFO is told by the delete itself.
  const role = redis
    .info()
    .then(({ role }) => role)
    .catch((error: unknown) => {
      if (isRefusal(error)) return 'master'
      throw error
    })
  const [target, isRole] = await Promise.all([redis.target(), role])
  const found = whole ? { lives: [], family: await redis.family(residenceIdsTtl) } : { lives: await redis.lives(keys) }
  return { target, users: wanted, whole, ...found, readOnly: isRole !== 'master', atMost }
}

/** Gone, or written again since: its expiry is then a later one, because nothing but a write moves it. */
const settledSince = (before: KeyLife, now: KeyLife): boolean => {
  if (!now.present || !before.present) return true
  if (now.expiresAt === undefined) return false
  return before.expiresAt === undefined || now.expiresAt > before.expiresAt + Math.max(before.within ?? 0, now.within ?? 0)
}

/** No key is left that was there when the plan was made. A key refilled since holds what the database says now. */
export const forgotten = async (lives: readonly KeyLife[], redis: RedisReader): Promise<Finding> => {
  const now = await redis.lives(lives.map(({ key }) => key))
  const left = lives.filter((before, i) => !settledSince(before, now[i] ?? { key: before.key, present: false }))
  const [first] = left
  if (!first) return holds
  return fails(
    left.length === 1
      ? `${first.key} is still the old one`
      : `${counted(left.length, 'key is still one', 'keys are still those')} of before, ${first.key} among them`,
  )
}

/** No key of the family is left that was there when the plan was made. */
export const familyForgotten = async ({ began }: Family, redis: RedisReader): Promise<Finding> => {
  const { keys, first, more } = await redis.oldOfFamily(residenceIdsTtl, began)
  if (keys === 0) return holds
  if (keys === 1 && !more) return fails(`${first} is still the old one`)
  return fails(`${more ? 'at least ' : ''}${counted(keys, 'key is still one', 'keys are still those')} of before, ${first} among them`)
}

/** `14 keys`, `about 1000000 keys`. */
export const sizeOf = ({ keys, sampled }: Family): string => `${sampled ? 'about ' : ''}${counted(keys, 'key')}`

const mayForgetFamily = (family: Family, atMost: number): readonly Finding[] => [
  when(
    family.keys <= atMost,
    `${sizeOf(family)} ${family.keys === 1 ? 'matches' : 'match'}, more than the ${atMost} expected (--at-most ${family.keys} accepts them)`,
  ),
  when(
    family.longer === 0,
    `${counted(family.longer, 'key lives', 'keys live')} longer than the cache's 5 minutes, ${family.firstLonger} among them: something else writes them`,
  ),
]

/** What must hold before anything is deleted, every reason at once. */
export const mayForget = ({ readOnly, target, family, atMost }: ResidenceIdsFacts): Finding =>
  every([when(!readOnly, `Redis at ${target} is a read-only replica`), ...(family ? mayForgetFamily(family, atMost) : [])])

/** `present, 4 min 12 s left`. */
export const describeLife = ({ present, ttl }: KeyLife): string => {
  if (!present) return 'absent'
  if (ttl === undefined) return 'present, never expires'
  const whole = Math.round(ttl / 1000)
  return `present, ${Math.floor(whole / 60)} min ${whole % 60} s left`
}
