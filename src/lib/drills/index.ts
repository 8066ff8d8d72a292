import type { Drill } from './drill.ts'

/** Every drill, by its name. */
export const drills: Readonly<Record<string, () => Promise<Drill>>> = {
  'certificate-ended': async () => (await import('./all/certificate-ended.ts')).drill,
  'image-nobody-pushed': async () => (await import('./all/image-nobody-pushed.ts')).drill,
  'jobs-that-gave-up': async () => (await import('./all/jobs-that-gave-up.ts')).drill,
  'lock-without-owner': async () => (await import('./all/lock-without-owner.ts')).drill,
  'node-away': async () => (await import('./all/node-away.ts')).drill,
  'node-left-cordoned': async () => (await import('./all/node-left-cordoned.ts')).drill,
  'node-left-out': async () => (await import('./all/node-left-out.ts')).drill,
  'pooler-away': async () => (await import('./all/pooler-away.ts')).drill,
  'probe-of-404': async () => (await import('./all/probe-of-404.ts')).drill,
  'queue-that-stands': async () => (await import('./all/queue-that-stands.ts')).drill,
  'range-of-cloudflare': async () => (await import('./all/range-of-cloudflare.ts')).drill,
  'redis-refuses': async () => (await import('./all/redis-refuses.ts')).drill,
  'rollout-that-stopped': async () => (await import('./all/rollout-that-stopped.ts')).drill,
  'stale-houses': async () => (await import('./all/stale-houses.ts')).drill,
  'two-workers': async () => (await import('./all/two-workers.ts')).drill,
}
