import type { Surroundings } from '../kinds/kind.ts'
import type { Store } from '../store.ts'
import type { KubeObject } from '../types.ts'

/** What every write works with. */
export interface Writing {
  readonly store: Store
  readonly around: Surroundings
}

/** How a client wants a write to be made. */
export interface Write {
  readonly manager: string
  readonly subresource?: string
  readonly dryRun?: boolean
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
}

export interface Result {
  readonly object: KubeObject
  readonly warnings: readonly string[]
  readonly created?: boolean
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply'

export interface Deletion {
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  readonly gracePeriodSeconds?: number
  readonly uid?: string
  readonly resourceVersion?: string
  readonly dryRun?: boolean
}
