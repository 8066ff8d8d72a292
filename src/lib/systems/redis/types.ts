import type { InFile } from '../../later.ts'
import type { Secret } from '../../secret.ts'
import type { Shown, System } from '../systems.ts'
import type { JobScheduler, Jobs } from './jobs.ts'

/** Memory, policy and counters of INFO; bytes, and counts since the server started. */
export interface RedisInfo {
  /** `7.0.15`, or with the name of another server of the same kind: `Valkey 8.1.0`, `KeyDB 6.3.4`. */
  readonly version: string
  readonly uptimeSeconds: number
  readonly role: string
  readonly loading: boolean
  readonly usedMemory: number
  /** 0: no limit; undefined where the server does not say. */
  readonly maxMemory: number | undefined
  readonly policy: string
  readonly evictedKeys: number
  readonly expiredKeys: number
  readonly hits: number
  readonly misses: number
  /** Commands refused since the server started, by the code of the refusal: `OOM`, `MISCONF`. */
  readonly refused: Readonly<Record<string, number>>
  /** What lies in other databases than the one that is looked at. */
  readonly elsewhere: readonly { readonly database: string; readonly keys: number }[]
  /** It takes writes only while replicas are connected (min-replicas-to-write), and none is. */
  readonly lacksReplicas: boolean
  /** It wants no password, though the Secret has one. */
  readonly open: boolean
  /** The last save to the disk failed. */
  readonly cannotSave: boolean
}

/** A key's life by the server's own clock, so that a later write is told from a key that never went away. */
export interface KeyLife {
  readonly key: string
  readonly present: boolean
  /** Unix milliseconds; undefined for an absent key and for one that never expires. */
  readonly expiresAt?: number
  /** Milliseconds left when it was read. */
  readonly ttl?: number
  /** The server cannot say when it expires, only in how long: `expiresAt` is right within so many milliseconds. */
  readonly within?: number
}

export interface ScanBounds {
  /** Keys looked at before giving up. */
  readonly keys: number
  /** Milliseconds. */
  readonly time: number
}

export interface Scanned {
  readonly keys: readonly string[]
  /** False when a bound ended the scan early: there may be more. */
  readonly complete: boolean
}

/** The keys `residence_ids_user:<id>` as one pass found them; none of them is held. */
export interface Family {
  /** How many there are; to three digits where it is an estimate. */
  readonly keys: number
  /** Keys that match the pattern and name no user. */
  readonly foreign: number
  /** Those looked at that live longer than the family does. */
  readonly longer: number
  readonly firstLonger?: string
  /** Not every key was looked at: `keys` and `foreign` are estimates from so many of so many. */
  readonly sampled?: { readonly looked: number; readonly of: number }
  /** The server's clock when the pass began, in Unix milliseconds. */
  readonly began: number
}

/** What is left of a family of before; `more`: the pass ended here, and there may be others. */
export interface OldKeys {
  readonly keys: number
  readonly first?: string
  readonly more: boolean
}

/** One pass that deletes the family. */
export interface Forgetting {
  /** The family's time to live in milliseconds: a key that lives longer is none of it, and stops the pass. */
  readonly ttl: number
  /** More than so many stop it: it would not come to an end. */
  readonly most: number
  /** Stops it after the step that is under way. */
  readonly signal: AbortSignal
  /** Hears now and then how far it is; the pass goes on when it has resolved. */
  readonly seen?: (so: { readonly gone: number; readonly ms: number }) => Promise<void>
}

/** Tasks of one asynq queue by state. */
export interface QueueDepth {
  readonly queue: string
  readonly pending: number
  readonly active: number
  readonly scheduled: number
  readonly retry: number
  readonly archived: number
  readonly paused: boolean
  /** The server's words where it refused one of the numbers, which is then 0 here. */
  readonly refused?: string
}

/** What lets its clients in. */
export interface PasswordReader {
  /** Whether a new login with this password is let in; false too where none is wanted at all. */
  readonly accepts: (password: Secret) => Promise<boolean>
  /** The one of its own configuration (`requirepass`); undefined where it has none. */
  readonly ownPassword: () => Promise<Secret | undefined>
  /** How many other passwords than these let somebody in. */
  readonly strangePasswords: (known: readonly Secret[]) => Promise<number>
}

/** Looks, and changes nothing (not even a key's idle time where Redis allows). */
export interface RedisReader extends PasswordReader {
  readonly info: () => Promise<RedisInfo>
  /** Lives of keys, in the order asked. */
  readonly lives: (keys: readonly string[]) => Promise<readonly KeyLife[]>
  /** Keys that match a glob, each once, by SCAN within bounds; `seen` hears how many were looked at. */
  readonly scan: (pattern: string, bounds?: Partial<ScanBounds>, seen?: (keys: number) => void) => Promise<Scanned>
  /** Counts the family in one pass on the server, or by a sample where there are more than so many keys of any kind (100 000 where nothing is said). */
  readonly family: (ttl: number, sample?: number) => Promise<Family>
  /** Keys of the family that were there at `began`; one written since expires later. */
  readonly oldOfFamily: (ttl: number, began: number) => Promise<OldKeys>
  readonly queues: () => Promise<readonly QueueDepth[]>
  /** All that asynq keeps, with at most `most` tasks of each state of each queue. */
  readonly jobs: (most: number) => Promise<Jobs>
  /** The schedulers that live by the server's clock; undefined where it refuses to say. */
  readonly schedulers: () => Promise<readonly JobScheduler[] | undefined>
  /** What CONFIG GET says; undefined where this server knows no such setting. */
  readonly setting: (name: string) => Promise<string | undefined>
  /** The state that each task's own hash says, in the order asked; undefined where it has none. */
  readonly taskStates: (tasks: readonly { readonly queue: string; readonly id: string }[]) => Promise<readonly (string | undefined)[]>
  /** Where the connection leads, for the proof of target. */
  readonly target: () => Promise<string>
}

/** A password, with the file in which an operator has it: the shell lines read it from there. */
export type KeptPassword = InFile<Secret>

/** What is left in a queue of jobs that Redis evicted. */
export interface LostJobs {
  readonly ids: readonly string[]
  /** The keys of unique locks. */
  readonly locks: readonly string[]
}

/** Each until Redis starts again. */
export interface PasswordWriter {
  /** Lets a password in beside those that are. */
  readonly addPassword: (password: KeptPassword) => Promise<void>
  /** Makes a password the one of its configuration, in one step with keeping another one beside it. */
  readonly makeOwn: (passwords: { readonly password: KeptPassword; readonly beside: KeptPassword }) => Promise<void>
  /** Lets a password in no longer; whoever is connected stays so. */
  readonly removePassword: (password: KeptPassword) => Promise<void>
}

/** Deletes cached residence IDs, and does with asynq's keys what asynq's own inspector does; it can write nothing else. */
export interface RedisWriter extends PasswordWriter {
  /** Deletes `residence_ids_user:<id>` for these users. */
  readonly forgetResidenceIds: (users: readonly string[]) => Promise<void>
  /** Deletes every `residence_ids_user:<id>` in one pass on the server. Throws Moved at a key that lives longer than these do. */
  readonly forgetAllResidenceIds: (how: Forgetting) => Promise<void>
  /** Stops workers from taking jobs of a queue; one that is paused keeps its time. */
  readonly pauseQueue: (queue: string) => Promise<void>
  readonly resumeQueue: (queue: string) => Promise<void>
  /** Makes archived, scheduled, retried and grouped tasks pending; one in another state stays as it is. */
  readonly runTasks: (queue: string, ids: readonly string[]) => Promise<void>
  /** Takes tasks out of their queue for good, with the unique locks that they hold. Throws Failed, after the others, where a worker has one, or it is gone already. */
  readonly dropTasks: (queue: string, ids: readonly string[]) => Promise<void>
  /** Takes ids whose job Redis evicted out of their queue, and unique locks whose job is gone. Throws Failed, after the others, where a worker may have one, or it is there again. */
  readonly dropLost: (queue: string, lost: LostJobs) => Promise<void>
  /** Sets how keys are evicted, until Redis starts again. Throws Moved where it is neither `from` nor `to` now. */
  readonly setPolicy: (change: { readonly from: string; readonly to: string }) => Promise<void>
}

export interface RedisProver {
  /** Whatever stands at these keys, or at those of a pattern, was written after the script began: with the cache's own time to live, in milliseconds. */
  forgotten(wanted: { readonly users?: readonly string[]; readonly pattern?: string; readonly ttl: number }): Shown
  /** CONFIG GET says this policy. */
  policy(policy: string): Shown
  /** The one of its configuration is that of this file. Asked with the variable of its pod, which is still let in. */
  ownPassword(file: string): Shown
  /** A login with the password in this file is let in, or is not. */
  accepted(file: string, accepted: boolean): Shown
  /** There is no task of these ids. */
  dropped(queue: string, ids: readonly string[]): Shown
  /** None of them waits as archived, to be retried, scheduled or in a group: it is pending, a worker has it, or it has run. */
  ran(queue: string, ids: readonly string[]): Shown
  /** Workers take no jobs of the queue, or take them. */
  paused(queue: string, paused: boolean): Shown
}

declare module '../systems.ts' {
  interface Systems {
    readonly redis: System<RedisReader, RedisWriter, RedisProver>
  }
}
