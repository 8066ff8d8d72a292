import { strandLock } from '../breaks.ts'
import type { Drill, World } from '../drill.ts'

const locks = "SELECT pid::text FROM pg_locks WHERE locktype = 'advisory' AND granted"

const holderOf = async ({ sandbox }: World): Promise<string | undefined> =>
  (await sandbox.postgres.query(locks))[0]?.['pid'] as string | undefined

/** What a start with AutoMigrate through the pooler leaves when its pod is killed. */
export const drill: Drill = {
  name: 'lock-without-owner',
  origin: 'An advisory lock of the AutoMigrate days was held by a session that nobody uses any more',
  source: 'commits 30966c6, 12b2f9d',
  heard: 'A colleague: "My migration has waited for a quarter of an hour and does nothing. Nobody else is deploying, I asked around."',
  hints: [
    'Who waits for whom? honeydue db:locks',
    'A lock that a session took through the pooler stays with the connection when its client is gone',
  ],
  breaks: ({ sandbox }) => strandLock(sandbox),
  over: async (world) => {
    const holder = await holderOf(world)
    return [{ what: 'Nobody holds the lock', because: holder === undefined ? undefined : `backend ${holder} does` }]
  },
  page: 'db:unlock',
  way: async (world) => {
    const holder = await holderOf(world)
    return holder === undefined ? [] : [['db:unlock', '--pid', holder]]
  },
}
