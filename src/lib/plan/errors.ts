/** The four things that every error says, and a stable code that programs may test. */
export interface Account {
  /** Stable, kebab-case: `ssh-unknown-host-key`. */
  readonly code: string
  /** What failed, as a sentence without a period. */
  readonly failed: string
  /** What state we are in now; by default that nothing was changed. */
  readonly state?: string
  /** The likely cause. */
  readonly cause?: string
  /** The next command to type, or the next thing to do. */
  readonly next?: string
  /** Further lines: every failed check, differences, manual lines left. */
  readonly details?: readonly string[]
}

/** Exit codes; the README's table is generated from these. */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  blocked: 3,
  failed: 4,
  unverified: 5,
  declined: 6,
  held: 7,
  moved: 8,
  unreachable: 9,
  interrupted: 130,
  terminated: 143,
} as const

/** An expected failure: printed as its four parts, never with a stack. Each subclass is one exit code. */
export abstract class Trouble extends Error {
  abstract readonly exitCode: number
  readonly code: string
  readonly failed: string
  readonly state: string
  readonly details: readonly string[]
  declare readonly next?: string
  /** Named `likely` because `Error.cause` is the underlying error. */
  declare readonly likely?: string

  constructor(account: Account, options?: ErrorOptions) {
    super(account.failed, options)
    this.name = new.target.name
    this.code = account.code
    this.failed = account.failed
    this.state = account.state ?? 'Nothing was changed.'
    this.details = account.details ?? []
    if (account.cause !== undefined) this.likely = account.cause
    if (account.next !== undefined) this.next = account.next
  }
}

/** The command was typed wrongly, or cannot ask where it must: exit 2. */
export class Usage extends Trouble {
  readonly exitCode = exitCodes.usage
}
/** A check failed before anything changed: exit 3. */
export class Blocked extends Trouble {
  readonly exitCode = exitCodes.blocked
}
/** A change failed; something may have changed: exit 4. */
export class Failed extends Trouble {
  readonly exitCode = exitCodes.failed
}
/** Applied, but not seen to hold in time: exit 5. */
export class Unverified extends Trouble {
  readonly exitCode = exitCodes.unverified
}
/** The operator said no: exit 6. */
export class Declined extends Trouble {
  readonly exitCode = exitCodes.declined
}
/** The world moved since the plan was confirmed: exit 8. */
export class Moved extends Trouble {
  readonly exitCode = exitCodes.moved
}
/** A needed system cannot be reached, or refuses our credentials: exit 9. */
export class Unreachable extends Trouble {
  readonly exitCode = exitCodes.unreachable
}
/** Stopped by a signal at a safe point: exit 130 or 143. */
export class Interrupted extends Trouble {
  readonly exitCode: number
  constructor(account: Account, signal: 'SIGINT' | 'SIGTERM' = 'SIGINT') {
    super(account)
    this.exitCode = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated
  }
}

/** One sentence of any thrown value, for a place that has room for one. */
export const reasonOf = (error: unknown): string =>
  error instanceof Trouble
    ? [error.failed, error.likely].filter(Boolean).join(': ')
    : error instanceof Error
      ? error.message
      : String(error)
