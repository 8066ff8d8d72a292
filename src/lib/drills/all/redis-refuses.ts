import type { Drill } from '../drill.ts'

/** Redis at its limit with a policy that evicts nothing, as it was before 88fb175. */
export const drill: Drill = {
  name: 'redis-refuses',
  origin: 'Redis was at its limit, and its policy evicts nothing: every write failed',
  source: 'chapter 16; commit 88fb175',
  heard: 'Support: "Reminders do not go out, and whoever logs in anew gets an error. Those who are in see everything."',
  hints: ['How full is Redis, and what does it do when it is? honeydue cache:status', 'noeviction refuses every write at the limit'],
  breaks: ({ sandbox: { redis } }) => {
    // Lists of many users, which nobody has read of late: what a policy that evicts begins with.
    const others = [...redis.store.keys()]
    for (let user = 0; user < 60; user++) redis.store.set(`residence_ids_user:${7000 + user}`, 'x'.repeat(60_000), 86_400_000)
    for (const key of others) redis.store.touch(key)
    redis.settings.set('maxmemory-policy', 'noeviction')
    redis.settings.set('maxmemory', String(redis.memory() - 1))
  },
  over: ({ sandbox: { redis } }) => {
    const policy = redis.settings.get('maxmemory-policy')
    return [{ what: 'Redis may make room', because: policy === 'noeviction' ? 'its policy is noeviction' : undefined }]
  },
  page: 'cache:policy',
  way: () => [['cache:policy', '--to', 'allkeys-lru']],
}
