import { Trouble } from '../../errors.ts'

/** One question was refused, and others may be answered. */
export const isRefusal = (error: unknown): boolean => error instanceof Trouble && refusals.has(error.code)

const refusals = new Set([
  'redis-not-permitted',
  'redis-wrong-type',
  'redis-cannot-save',
  'redis-full',
  'redis-read-only',
  'redis-no-primary',
  'redis-no-replicas',
  'redis-refused',
])
