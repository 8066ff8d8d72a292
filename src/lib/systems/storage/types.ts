import type { Secret } from '../../secret.ts'
import type { System } from '../systems.ts'

/** The first objects under a prefix, in the order of their names. */
export interface Listing {
  readonly objects: readonly { readonly key: string; readonly modified: Date; readonly bytes: number }[]
  /** There are more than were asked for. */
  readonly more: boolean
}

export interface Used {
  readonly objects: number
  readonly bytes: number
  readonly more: boolean
}

/** One rule of a bucket as it stands there; what it does not say is absent. Times in days. */
export interface LifecycleRule {
  readonly prefix: string
  readonly enabled: boolean
  /** Hidden, or deleted where the bucket keeps no versions. */
  readonly expires?: number
  /** Versions that are hidden are deleted after so many days more. */
  readonly noncurrent?: number
  /** Marks that hide nothing any more go too: how B2 gives a hide back beside its days. */
  readonly markers: boolean
  readonly abortsUploads?: number
  /** Its XML as it stands there, so that it can be sent again whole; absent of one that is only wanted. */
  readonly text?: string
}

/** An upload in parts that nobody has ended: no list of objects shows it. */
export interface Unfinished {
  readonly key: string
  readonly began: Date
}

export type StorageAnswer = { readonly is: 'let in' } | { readonly is: 'refused' | 'put off'; readonly because: string }

/** What became of an object of ours, step by step; the steps after one that failed were not tried, but for the last. */
export interface RoundTrip {
  readonly key: string
  readonly steps: readonly { readonly what: 'upload' | 'read' | 'delete'; readonly error?: Error }[]
}

export interface StorageReader {
  /** What the configuration lacks for a key, in words; undefined where it has all. */
  lacking(): Promise<string | undefined>
  /** Its clock minus ours, and by how much that may be wrong: asked without a key. Throws Unreachable (`storage-…`) where nothing answers. */
  clock(): Promise<{ readonly offsetMs: number; readonly withinMs: number }>
  /** Whether this key (`id:key`), else the live one, is let in to list; `put off`: that says nothing of the key. Throws Unreachable (`storage-…`) where nothing answers. */
  letsIn(key?: Secret): Promise<StorageAnswer>
  /** At most a thousand. Throws Unreachable (`storage-…`). */
  list(prefix: string): Promise<Listing>
  /** All that is not hidden, page by page; `more`: it was too much to be counted. Throws Unreachable (`storage-…`). */
  used(): Promise<Used>
  lifecycle(): Promise<readonly LifecycleRule[]>
  unfinished(): Promise<readonly Unfinished[]>
  /** Uploads an object of a few bytes by a presigned URL, as the application's users do, reads it, and deletes it for good: the one reader that leaves something where its end fails. */
  roundTrip(prefix: string): Promise<RoundTrip>
}

/** What stands in a bucket is the application's: nothing of it is written. */
export interface StorageWriter {
  /** Puts these rules in the place of all that the bucket has. Throws Moved (`storage-rules-moved`) where those are not `from` any more. */
  readonly setLifecycle: (change: { readonly from: readonly LifecycleRule[]; readonly to: readonly LifecycleRule[] }) => Promise<void>
}

declare module '../systems.ts' {
  interface Systems {
    readonly storage: System<StorageReader, StorageWriter>
  }
}
