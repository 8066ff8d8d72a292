/** The settings that CONFIG GET knows, as text; sizes in bytes. */
export const defaultSettings = (password: string | undefined): Map<string, string> =>
  new Map([
    ['maxmemory', String(256 * 1024 * 1024)],
    ['maxmemory-policy', 'allkeys-lru'],
    ['maxmemory-samples', '5'],
    ['requirepass', password ?? ''],
    ['aclfile', ''],
    ['timeout', '0'],
    ['databases', '16'],
    ['appendonly', 'yes'],
    ['save', '3600 1 300 100 60 10000'],
    ['replica-read-only', 'yes'],
    ['slowlog-log-slower-than', '10000'],
    ['slowlog-max-len', '128'],
    ['latency-monitor-threshold', '0'],
    ['maxclients', '10000'],
  ])

export const policies = [
  'volatile-lru',
  'volatile-lfu',
  'volatile-random',
  'volatile-ttl',
  'allkeys-lru',
  'allkeys-lfu',
  'allkeys-random',
  'noeviction',
] as const

const units: Readonly<Record<string, number>> = { '': 1, b: 1, k: 1e3, kb: 1024, m: 1e6, mb: 1024 ** 2, g: 1e9, gb: 1024 ** 3 }

/** `256mb` in bytes; undefined when it is no size. */
export const memorySize = (text: string): number | undefined => {
  const match = /^(\d+)([a-z]*)$/i.exec(text)
  const unit = units[match?.[2]?.toLowerCase() ?? '?']
  return match && unit ? Number(match[1]) * unit : undefined
}
