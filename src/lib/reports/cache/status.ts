import { age } from '../../age.ts'
import { defineReport } from '../../plan/report.ts'
import { cacheFindings, cacheNotes, hitRate } from './findings.ts'
import { type CacheStatus, gatherCacheStatus, type KeyFamily } from './gather.ts'

/** Memory, policy, evictions, hit rate, key families and queue depth of the one Redis. */
export const cacheStatus = defineReport({
  id: 'cache:status',
  title: 'Show what the cache holds and how the queue stands',
  needs: ['redis'],
  choices: {},
  look: async (_, look, { clock }) => {
    const status = await gatherCacheStatus(look.redis, clock)
    return {
      findings: cacheFindings(status),
      tables: [
        { title: 'Redis', columns: ['', ''], rows: serverRows(status) },
        {
          title: 'Keys',
          columns: ['family', 'keys', 'TTL', 'without TTL'],
          rows: [...status.families.map(familyRow), ...(status.others > 0 ? [['others', String(status.others), '', '']] : [])],
        },
        {
          title: 'Queues',
          columns: ['queue', 'pending', 'active', 'scheduled', 'retry', 'archived'],
          rows: status.queues.map(({ queue, pending, active, scheduled, retry, archived, refused }) => [
            inShort(queue),
            ...[pending, active, scheduled, retry, archived].map((count) => (refused !== undefined && count === 0 ? '?' : String(count))),
          ]),
        },
      ],
      notes: cacheNotes(status),
      data: { ...status, hitRate: hitRate(status) },
    }
  },
})

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`

const serverRows = (status: CacheStatus): readonly (readonly string[])[] => {
  const { target, info } = status
  if (!info) return [['at', target]]
  const rate = hitRate(status)
  const limit =
    info.maxMemory === undefined ? 'a limit that it does not say' : info.maxMemory === 0 ? 'no limit' : mebibytes(info.maxMemory)
  return [
    ['at', target],
    ['version', info.version],
    ['role', info.role],
    ['memory', `${mebibytes(info.usedMemory)} of ${limit}`],
    ['policy', info.policy],
    ['evicted', String(info.evictedKeys)],
    ['hit rate', rate === undefined ? '' : `${(rate * 100).toFixed(1)} %`],
  ]
}

/** A name that somebody made of a whole document must not push the numbers off the screen. */
const inShort = (pattern: string): string => (pattern.length > 48 ? `${pattern.slice(0, 36)}…${pattern.slice(-10)}` : pattern)

/** Shortest to longest, as they were when each was looked at. */
const ttls = ({ shortestTtl, longestTtl }: KeyFamily): string => {
  if (shortestTtl === undefined || longestTtl === undefined) return ''
  const [from, to] = [age(shortestTtl / 1000), age(longestTtl / 1000)]
  return from === to ? from : `${from} – ${to}`
}

const familyRow = (family: KeyFamily): readonly string[] => [
  family.pattern === '' ? '(the empty name)' : inShort(family.pattern),
  String(family.keys),
  ttls(family),
  family.sampled === 0 ? '?' : `${family.withoutTtl} of ${family.sampled}`,
]
