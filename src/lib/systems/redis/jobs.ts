import type { EntryMessage, ServerMessage } from '../../asynq-message.ts'

export const taskStates = ['pending', 'active', 'scheduled', 'retry', 'archived', 'completed', 'aggregating'] as const
export type TaskState = (typeof taskStates)[number]

/** One task as it stands in a list or set of its queue; its payload is never read out. */
export interface Task {
  readonly queue: string
  readonly id: string
  readonly state: TaskState
  /** The group that an aggregating one waits in, until asynq makes one task of all of it. */
  readonly group?: string
  /** '' where its hash is gone. */
  readonly type: string
  /** How often it may be tried again, and how often it was. */
  readonly retry: number
  readonly retried: number
  /** The key of its unique lock; '' without one. */
  readonly uniqueKey: string
  /** Of its last failure; '' where it never failed. */
  readonly error: string
  /** Unix seconds: when it is due, when it failed for good, or, of an active one, when its lease ends. */
  readonly at?: number
  /** Unix milliseconds; of a pending task that was not run again by hand. */
  readonly pendingSince?: number
  /** Its hash, or the message in it, is gone: Redis evicted it, and the job with it. */
  readonly lost: boolean
}

/** One queue of asynq. A count is undefined where the server refused it. */
export interface JobQueue {
  readonly queue: string
  readonly counts: Readonly<Record<TaskState, number | undefined>>
  readonly processedToday: number
  readonly failedToday: number
  readonly paused: boolean
  /** Unix seconds, as asynq writes it where it pauses; undefined where something else stands there. */
  readonly pausedSince?: number
  /** The tasks that were looked at: the oldest pending, the newest archived, at most so many of each state as were asked for. */
  readonly tasks: readonly Task[]
  /** False where there are more than were looked at. */
  readonly complete: boolean
  /** In `asynq:queues`, by which asynq itself finds it: after Redis was emptied, a queue may live without. */
  readonly listed: boolean
}

/** A unique lock, which refuses equal tasks as long as it lives. */
export interface JobLock {
  readonly key: string
  readonly queue: string
  readonly type: string
  /** The task that it was taken for. */
  readonly id: string
  /** Milliseconds left; undefined where it never expires. */
  readonly left?: number
  /** Its task is gone. */
  readonly lost: boolean
}

export interface JobServer extends ServerMessage {
  /** Unix seconds: dead from then on, unless it says so again. */
  readonly until: number
}

export interface JobScheduler {
  /** `host:pid:id`, as its key has it. */
  readonly name: string
  readonly until: number
  readonly entries: readonly EntryMessage[]
}

/** All that asynq keeps in Redis. */
export interface Jobs {
  /** Unix milliseconds, by the server's own clock. */
  readonly now: number
  readonly queues: readonly JobQueue[]
  readonly locks: readonly JobLock[]
  /** False where a bound ended the scan: a queue that is not listed, or a lock, may be missing. */
  readonly scannedAll: boolean
  /** Alive by the server's clock. */
  readonly servers: readonly JobServer[]
  readonly schedulers: readonly JobScheduler[]
  /** What the server would not answer, in its words. */
  readonly refused: readonly string[]
}
