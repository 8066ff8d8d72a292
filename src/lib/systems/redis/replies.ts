import type { ChainableCommander, Redis } from 'ioredis'

/** Runs questions in one pipeline; a refused one is undefined, and its words are noted once. */
export const ask = async (
  redis: Redis,
  refused: Set<string>,
  questions: (pipeline: ChainableCommander) => void,
): Promise<readonly unknown[]> => {
  const pipeline = redis.pipeline()
  questions(pipeline)
  return ((await pipeline.exec()) ?? []).map(([error, value]) => {
    if (!error) return value
    if (error.name !== 'ReplyError') throw error
    refused.add(error.message)
    return undefined
  })
}

/** A bulk answer as text. */
export const textOf = (value: unknown): string | undefined =>
  Buffer.isBuffer(value) ? value.toString('utf8') : typeof value === 'string' ? value : undefined
/** A list; none where there is no answer. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
/** A number; undefined where the server refused it. */
export const countOf = (value: unknown): number | undefined => (value === undefined ? undefined : Number(value))

/** Members with their scores, as a sorted set tells them. */
export const scored = (value: unknown): readonly (readonly [string, number])[] => {
  const flat = listOf(value).map(String)
  return flat.flatMap((member, i) => (i % 2 === 0 ? [[member, Number(flat[i + 1])] as const] : []))
}
