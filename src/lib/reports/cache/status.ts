import { age } from '../../facts/ages.ts'
import { defineReport } from '../../plan/report.ts'
import { cacheFindings, hitRate } from './findings.ts'
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
        { title: 'Keys', columns: ['family', 'keys', 'TTL', 'without TTL'], rows: status.families.map(familyRow) },
        {
          title: 'Queues',
          columns: ['queue', 'pending', 'active', 'scheduled', 'retry', 'archived'],
          rows: status.queues.map(({ queue, pending, active, scheduled, retry, archived }) => [
            queue,
            ...[pending, active, scheduled, retry, archived].map(String),
          ]),
        },
      ],
      notes: status.scannedAll ? [] : [`The scan stopped after ${status.scannedKeys} keys: the counts are a lower limit`],
      data: { ...status, hitRate: hitRate(status) },
    }
  },
})

const mebibytes = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(1)} MB`

const serverRows = ({ target, info, ...rest }: CacheStatus): readonly (readonly string[])[] => {
  const rate = hitRate({ target, info, ...rest })
  return [
    ['at', target],
    ['version', info.version],
    ['role', info.role],
    ['memory', `${mebibytes(info.usedMemory)} of ${info.maxMemory === 0 ? 'no limit' : mebibytes(info.maxMemory)}`],
    ['policy', info.policy],
    ['evicted', String(info.evictedKeys)],
    ['hit rate', rate === undefined ? '' : `${(rate * 100).toFixed(1)} %`],
  ]
}

/** Shortest to longest, as they were when each was looked at. */
const ttls = ({ shortestTtl, longestTtl }: KeyFamily): string => {
  if (shortestTtl === undefined || longestTtl === undefined) return ''
  const [from, to] = [age(shortestTtl / 1000), age(longestTtl / 1000)]
  return from === to ? from : `${from} – ${to}`
}

const familyRow = (family: KeyFamily): readonly string[] => [
  family.pattern,
  String(family.keys),
  ttls(family),
  `${family.withoutTtl} of ${family.sampled}`,
]
