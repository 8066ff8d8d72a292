/** `asynq:{default}:`, which begins every key of a queue. */
export const queuePrefix = (queue: string): string => `asynq:{${queue}}:`

export const queueKey = (queue: string, name: string): string => queuePrefix(queue) + name

/** A task's hash. */
export const taskKey = (queue: string, id: string): string => `${queuePrefix(queue)}t:${id}`

/** The sorted set of the tasks that wait in a group, by when they came. */
export const groupKey = (queue: string, group: string): string => `${queuePrefix(queue)}g:${group}`

/** The queue that a key belongs to; undefined for another key. */
export const queueOf = (key: string): string | undefined => /^asynq:\{(.+?)\}:/.exec(key)?.[1]

/** `email:send` of `asynq:{default}:unique:email:send:<hash>`; undefined for a key that is no unique lock. */
export const lockedTypeOf = (key: string): string | undefined => /^asynq:\{.+?\}:unique:(.*):[0-9a-f]*$/.exec(key)?.[1]
