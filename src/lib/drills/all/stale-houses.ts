import type { Drill } from '../drill.ts'

const user = '42'
const key = `residence_ids_user:${user}`

/** An invalidation that was forgotten in new code. */
export const drill: Drill = {
  name: 'stale-houses',
  origin: "The list of a user's houses in the cache was old",
  source: 'chapter 16; commit c9ac273',
  heard: `Support: "User ${user} was invited to a house and does not see it. Logging out and in again does not help."`,
  hints: ['What the cache has of her: honeydue cache:status', 'ch17 has a section for it: §23'],
  breaks: ({ sandbox: { redis } }) => void redis.store.set(key, '[1]', 3_600_000),
  over: ({ sandbox: { redis } }) => {
    const value = redis.store.get(key)
    return [{ what: `The cache has no old list of user ${user}`, because: value === undefined ? undefined : 'it still has' }]
  },
  page: 'cache:invalidate',
  way: () => [['cache:invalidate', '--user', user]],
}
