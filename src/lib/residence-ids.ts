import { Usage } from './errors.ts'

const prefix = 'residence_ids_user:'
const userId = /^[1-9]\d{0,18}$/
const largest = 2n ** 63n - 1n

/** The cache family of chapter 17 §23, as a pattern for SCAN. */
export const residenceIdsPattern = `${prefix}*`

/** Why this is no user id, or undefined: ids are positive 64-bit integers, so no id can name another key or a pattern. */
export const refuseUserId = (id: string): string | undefined =>
  userId.test(id) && BigInt(id) <= largest
    ? undefined
    : `"${id.slice(0, 40)}" is no user id: it must be a positive whole number, for example 42`

/** `residence_ids_user:<id>`; throws for anything that is no user id. */
export const residenceIdsKey = (id: string): string => {
  const refused = refuseUserId(id)
  if (refused) throw new Usage({ code: 'redis-user-id', failed: refused, next: 'honeydue cache:invalidate --user 42' })
  return prefix + id
}
