import type { Observation } from '../../plan/report.ts'
import type { CacheStatus } from './gather.ts'

const percent = (part: number, whole: number): string => `${Math.round((part / whole) * 100)} %`
const mebibytes = (bytes: number): string => `${Math.round(bytes / 1024 ** 2)} MB`

const memory = ({ info }: CacheStatus): Observation[] => {
  const found: Observation[] = []
  if (info.maxMemory === 0)
    found.push({
      level: 'wrong',
      text: 'Redis has no maxmemory: it grows until the node kills it',
      next: 'CONFIG GET maxmemory, then compare with the manifest',
    })
  else if (info.usedMemory >= info.maxMemory * 0.95) {
    found.push({
      level: 'warning',
      text: `Redis uses ${mebibytes(info.usedMemory)} of ${mebibytes(info.maxMemory)} (${percent(info.usedMemory, info.maxMemory)})`,
    })
  }
  if (info.policy !== 'allkeys-lru') {
    found.push({
      level: 'wrong',
      text: `maxmemory-policy is ${info.policy}, not allkeys-lru: at the limit ${info.policy === 'noeviction' ? 'every write fails' : 'other keys are evicted than expected'}`,
    })
  }
  if (info.evictedKeys > 0)
    found.push({ level: 'warning', text: `${info.evictedKeys} keys were evicted since Redis started: queued jobs may be among them` })
  return found
}

const queue = ({ queues }: CacheStatus): Observation[] =>
  queues.flatMap((each): Observation[] => [
    ...(each.paused ? [{ level: 'wrong' as const, text: `Queue ${each.queue} is paused: nothing in it is worked on` }] : []),
    ...(each.archived > 0
      ? [{ level: 'warning' as const, text: `Queue ${each.queue} has ${each.archived} archived tasks: they failed for good` }]
      : []),
  ])

const server = ({ info }: CacheStatus): Observation[] =>
  info.role === 'master' ? [] : [{ level: 'wrong', text: `This Redis is a ${info.role}, not the primary: writes fail` }]

/** What is wrong in a Redis, worst first. */
export const cacheFindings = (status: CacheStatus): readonly Observation[] => {
  const shared: Observation[] =
    status.info.policy.startsWith('allkeys-') && status.queues.length > 0
      ? [{ level: 'warning', text: `${status.info.policy} may evict queued jobs: cache and asynq share this Redis` }]
      : []
  const found = [...server(status), ...memory(status), ...queue(status), ...shared]
  return [...found.filter(({ level }) => level === 'wrong'), ...found.filter(({ level }) => level === 'warning')]
}

/** Hits of all lookups since the server started, 0 to 1; undefined before the first. */
export const hitRate = ({ info }: CacheStatus): number | undefined =>
  info.hits + info.misses === 0 ? undefined : info.hits / (info.hits + info.misses)
