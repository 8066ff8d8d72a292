import { counted } from '../../counted.ts'
import { mebibytes } from '../../facts/cache/mebibytes.ts'
import { type Observation, worstFirst } from '../../plan/report.ts'
import { askInPod } from '../../redis-in-pod.ts'
import { sh } from '../../shell.ts'
import type { RedisInfo } from '../../systems/redis/types.ts'
import type { CacheStatus } from './gather.ts'

const percent = (part: number, whole: number): string => `${Math.round((part / whole) * 100)} %`
const wrong = (text: string, next?: string): Observation => ({ level: 'wrong', text, ...(next !== undefined && { next }) })
const warning = (text: string, next?: string): Observation => ({ level: 'warning', text, ...(next !== undefined && { next }) })

const evicting = 'honeydue cache:policy --to allkeys-lru'

/** From here on a write may find no room. */
const atLimit = ({ usedMemory, maxMemory = 0 }: RedisInfo): boolean => maxMemory > 0 && usedMemory >= maxMemory * 0.99

/** At its limit, with a policy that makes no room. */
export const refusesWrites = (info: RedisInfo): boolean => info.policy === 'noeviction' && atLimit(info)

const refusedBy = ({ refused }: RedisInfo, code: string): string => {
  const count = refused[code] ?? 0
  return count === 0 ? '' : `, ${counted(count, 'was', 'were')} refused since Redis started`
}
const refusedWrites = (info: RedisInfo): string => refusedBy(info, 'OOM')

const policy = (info: RedisInfo): readonly Observation[] => {
  const { policy, usedMemory, maxMemory = 0 } = info
  const full = `Redis is full (${mebibytes(usedMemory)} of ${mebibytes(maxMemory)})`
  if (policy.startsWith('volatile-') && atLimit(info) && (info.refused['OOM'] ?? 0) > 0)
    return [wrong(`${full} and ${policy} finds nothing that it may evict: writes fail now${refusedWrites(info)}`, evicting)]
  if (policy === 'allkeys-lru' || policy === '') return []
  // Whoever has no limit never evicts: that is said by itself.
  if (maxMemory === 0) return [wrong(`maxmemory-policy is ${policy}, not allkeys-lru`, evicting)]
  if (policy !== 'noeviction')
    return [wrong(`maxmemory-policy is ${policy}, not allkeys-lru: at the limit other keys are evicted than expected`, evicting)]
  if (refusesWrites(info)) return [wrong(`${full} and evicts nothing: every write fails now${refusedWrites(info)}`, evicting)]
  return [wrong(`maxmemory-policy is noeviction, not allkeys-lru: at the limit every write fails${refusedWrites(info)}`, evicting)]
}

const memory = (info: RedisInfo): readonly Observation[] => {
  const { usedMemory, maxMemory, evictedKeys } = info
  return [
    ...(maxMemory === 0 ? [wrong('Redis has no maxmemory: it grows until the node kills it', askInPod('config get maxmemory'))] : []),
    ...policy(info),
    ...(maxMemory && usedMemory >= maxMemory * 0.95
      ? [warning(`Redis uses ${mebibytes(usedMemory)} of ${mebibytes(maxMemory)} (${percent(usedMemory, maxMemory)})`)]
      : []),
    ...(evictedKeys > 0
      ? [warning(`${counted(evictedKeys, 'key was', 'keys were')} evicted since Redis started: queued jobs may be among them`)]
      : []),
  ]
}

const server = (info: RedisInfo): readonly Observation[] => [
  ...(info.role === 'master' || info.role === ''
    ? []
    : [wrong(`This Redis is a ${info.role}, not the primary: writes fail`, askInPod('role'))]),
  ...(info.open
    ? [
        warning(
          'Redis wants no password, though the Secret has one: whoever reaches it may read and delete everything',
          'kubectl -n honeydue get deploy redis -o yaml   # how it is started',
        ),
      ]
    : []),
  ...(info.lacksReplicas
    ? [
        wrong(
          `Redis takes no write: it wants replicas connected (min-replicas-to-write), and none is${refusedBy(info, 'NOREPLICAS')}`,
          askInPod('info replication'),
        ),
      ]
    : []),
  ...(info.cannotSave
    ? [
        wrong(
          `Redis cannot save to its disk: writes fail until it can${refusedBy(info, 'MISCONF')}`,
          'kubectl -n honeydue exec deploy/redis -- df -h /data',
        ),
      ]
    : []),
]

const queue = ({ queues }: CacheStatus): readonly Observation[] =>
  queues.flatMap((each) => [
    ...(each.paused ? [wrong(`Queue ${each.queue} is paused: nothing in it is worked on`, sh`honeydue queue:resume ${each.queue}`)] : []),
    ...(each.refused === undefined ? [] : [warning(`A number of queue ${each.queue} was refused: ${each.refused}`)]),
  ])

/** What is wrong with the server, whatever lies in it. */
export const serverFindings = (info: RedisInfo): readonly Observation[] => [...server(info), ...memory(info)]

/** What is wrong in a Redis, worst first. */
export const cacheFindings = (status: CacheStatus): readonly Observation[] => {
  const { info } = status
  const found = [
    ...(info ? serverFindings(info) : []),
    ...queue(status),
    ...status.refused.map(({ what, because, next }) => warning(`${what} was refused: ${because}`, next)),
  ]
  return worstFirst(found)
}

/** What is so on every day of this deployment: worth knowing, and no alarm. */
export const cacheNotes = ({ info, queues, scannedAll, scannedKeys, refused }: CacheStatus): readonly string[] => [
  ...(scannedAll || refused.some(({ what }) => what === 'The scan of keys')
    ? []
    : [`The scan stopped after ${counted(scannedKeys, 'key')}: the counts are a lower limit`]),
  ...(info && info.elsewhere.length > 0
    ? [
        `Other databases are not looked at: ${info.elsewhere.map(({ database, keys }) => `${database} (${counted(keys, 'key')})`).join(', ')}`,
      ]
    : []),
  ...(info?.policy.startsWith('allkeys-') && queues.length > 0
    ? [`${info.policy} may evict queued jobs: cache and asynq share this Redis`]
    : []),
  ...queues.flatMap(({ queue, archived }) =>
    archived > 0 ? [`Queue ${queue} keeps ${archived} archived ${archived === 1 ? 'task that' : 'tasks that'} failed for good`] : [],
  ),
]

/** Hits of all lookups since the server started, 0 to 1; undefined before the first. */
export const hitRate = ({ info }: CacheStatus): number | undefined =>
  !info || info.hits + info.misses === 0 ? undefined : info.hits / (info.hits + info.misses)
