import { type Fields, fieldsOf, messageOf, numberField, textField } from './protobuf.ts'

/** What asynq keeps of a task beside its payload, which nobody here needs to see (asynq 0.26, TaskMessage). */
export interface TaskMessage {
  readonly type: string
  readonly id: string
  readonly queue: string
  /** How often it may be tried again, and how often it was. */
  readonly retry: number
  readonly retried: number
  readonly error: string
  /** Unix seconds; 0: it never failed. */
  readonly failedAt: number
  /** The key of its unique lock; '' without one. */
  readonly uniqueKey: string
}

/** A worker process as it announces itself (ServerInfo). */
export interface ServerMessage {
  readonly host: string
  readonly pid: number
  readonly id: string
  readonly concurrency: number
  readonly queues: readonly string[]
  /** `active`, or `stopped` after TSTP. */
  readonly status: string
  /** Unix seconds. */
  readonly startedAt: number
  readonly active: number
}

/** One line of a scheduler's timetable (SchedulerEntry). */
export interface EntryMessage {
  readonly id: string
  readonly spec: string
  readonly type: string
  /** Unix seconds. */
  readonly next: number
  /** Unix seconds; 0 or less: not yet. */
  readonly previous: number
}

const timeField = (fields: Fields, number: number): number => {
  const value = fields.get(number)?.at(-1)
  const time = Buffer.isBuffer(value) ? fieldsOf(value) : undefined
  return time ? numberField(time, 1) : 0
}

const timestamp = (seconds: number): Buffer => messageOf([[1, Math.floor(seconds)]])

/** Undefined for bytes that are no TaskMessage. */
export const readTask = (bytes: Buffer): TaskMessage | undefined => {
  const fields = fieldsOf(bytes)
  return (
    fields && {
      type: textField(fields, 1),
      id: textField(fields, 3),
      queue: textField(fields, 4),
      retry: numberField(fields, 5),
      retried: numberField(fields, 6),
      error: textField(fields, 7),
      failedAt: numberField(fields, 11),
      uniqueKey: textField(fields, 10),
    }
  )
}

export const writeTask = (task: TaskMessage & { readonly payload: string }): Buffer =>
  messageOf([
    [1, task.type],
    [2, task.payload],
    [3, task.id],
    [4, task.queue],
    [5, task.retry],
    [6, task.retried],
    [7, task.error],
    [8, 1800],
    [10, task.uniqueKey],
    [11, task.failedAt],
  ])

export const readServer = (bytes: Buffer): ServerMessage | undefined => {
  const fields = fieldsOf(bytes)
  return (
    fields && {
      host: textField(fields, 1),
      pid: numberField(fields, 2),
      id: textField(fields, 3),
      concurrency: numberField(fields, 4),
      queues: (fields.get(5) ?? []).flatMap((entry) => {
        const pair = Buffer.isBuffer(entry) ? fieldsOf(entry) : undefined
        return pair ? [textField(pair, 1)] : []
      }),
      status: textField(fields, 7),
      startedAt: timeField(fields, 8),
      active: numberField(fields, 9),
    }
  )
}

export const writeServer = (server: ServerMessage): Buffer =>
  messageOf([
    [1, server.host],
    [2, server.pid],
    [3, server.id],
    [4, server.concurrency],
    ...server.queues.map((queue): readonly [number, Buffer] => [
      5,
      messageOf([
        [1, queue],
        [2, 1],
      ]),
    ]),
    [7, server.status],
    [8, timestamp(server.startedAt)],
    [9, server.active],
  ])

export const readEntry = (bytes: Buffer): EntryMessage | undefined => {
  const fields = fieldsOf(bytes)
  return (
    fields && {
      id: textField(fields, 1),
      spec: textField(fields, 2),
      type: textField(fields, 3),
      next: timeField(fields, 6),
      previous: timeField(fields, 7),
    }
  )
}

export const writeEntry = (entry: EntryMessage): Buffer =>
  messageOf([
    [1, entry.id],
    [2, entry.spec],
    [3, entry.type],
    [6, timestamp(entry.next)],
    [7, timestamp(entry.previous)],
  ])
