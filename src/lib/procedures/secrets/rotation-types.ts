import type { Clock, Duration } from '../../clock.ts'
import type { Consumer } from '../../facts/config/consumers.ts'
import type { Finding } from '../../plan/finding.ts'
import type { Secret } from '../../secret.ts'
import type { ValueSource, ValueWriter } from '../../systems/checkout/types.ts'
import type { KeptSecret } from '../../systems/kube/types.ts'
import type { Readers } from '../../systems/systems.ts'

/** What the operator chose; milliseconds. */
export interface RotationWish {
  /** A file with the new value; without one, it is made here, or was typed. */
  readonly from: string | undefined
  /** The new value as somebody typed it, unseen. */
  readonly typed?: Secret | undefined
  readonly soak: Duration
  readonly keepOld: boolean
  /** A value younger than this is the new one: the rotation is over. */
  readonly newerThan: Duration
}

/** A value under rotation, wherever it is live: begun or not, it is described by its two values and where each stands. */
export interface ValueFacts extends RotationWish {
  /** As an operator calls it. */
  readonly called: string
  readonly live: Live
  readonly lines: boolean
  readonly half: boolean
  /** Undefined where no file of this machine has it. */
  readonly source: ValueSource | undefined
  readonly line: number | undefined
  /** By which the two values' files are named. */
  readonly base: string
  readonly folder: string
  readonly next: Secret
  /** What the new one replaces; undefined where the rotation is over. */
  readonly old: Secret | undefined
  /** What the source has, where it has not the new one yet: it may be another value than the live one. */
  readonly before?: Secret | undefined
  /** Why it may not begin. */
  readonly against: Finding
  readonly clock: Clock
}

/** Where a value is in use. */
export interface Live {
  /** "Secret honeydue/honeydue-secrets, SECRET_KEY". */
  readonly shown: string
  /** Where an operator has it, for the shell line. */
  readonly from: Parameters<ValueWriter['keepOldValue']>[0]['live']
  readonly has: (value: Secret | undefined, look: Readers<'kube' | 'checkout'>) => Promise<Finding>
  /** When it came to be in use, by whoever keeps it. */
  readonly since: (look: Readers<'kube' | 'checkout'>) => Promise<Date | undefined>
}

/** The rotation of a value that a Secret of the cluster has. */
export interface RotationFacts extends ValueFacts {
  readonly namespace: string
  readonly key: string
  readonly source: ValueSource
  readonly pulls: Pulls | undefined
  /** What is set in the same write of the Secret. */
  readonly also?: { readonly key: string; readonly base: string; readonly next: Secret; readonly old: Secret | undefined }
  readonly secret: KeptSecret
  /** The new one was made just now, and nobody has it yet. */
  readonly made: boolean
  /** Its pods are restarted before the Secret is changed as well: those may have begun in the very second of that. */
  readonly early: boolean
  readonly consumers: readonly Consumer[]
}

/** Of a pull secret the value is a password alone: for which registry, of whom, and with which image it is tried. */
export interface Pulls {
  readonly host: string
  readonly user: string
  readonly image: string
}

export interface Rotated {
  readonly secret: string
  readonly key: string
  /** Which workloads the new value does not belong to: they check logins by it, and use it for none of their own. */
  readonly servers: readonly string[]
  /** Its restarts begin before the Secret is changed: what rolls out since both values are kept is its own. */
  readonly early?: boolean
  /** Where a human makes a new one; without it, one is made here. */
  readonly madeAt?: string
  /** As an operator calls it, and its files are called; else by its key. */
  readonly called?: string
  /** Where its truth stands; else as secret-rotation.md has it. */
  readonly source?: ValueSource
  readonly pulls?: Pulls
  /** It has several lines, which are kept as they are. */
  readonly lines?: boolean
  /** It is what stands behind the first colon of what is given: before it stands the id that goes with it. */
  readonly half?: boolean
  /** Why it cannot be such a value, where it has a form of its own; else it is one word that fits everywhere. */
  readonly form?: (value: Secret) => string | undefined
}

/** A key whose new value comes from a human. */
export interface Wanted {
  /** Undefined of what no Secret of the cluster has. */
  readonly secret?: string
  readonly key: string
  readonly called?: string
  readonly madeAt: string
  /** It has several lines: asked is for the path of a file with it. */
  readonly path?: true
}
