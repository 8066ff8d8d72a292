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
  /** Further lines: every failed check, differences. */
  readonly details?: readonly string[]
  /** What is left to do, as a script for a terminal. */
  readonly byHand?: readonly string[]
}

/** What a command exits with. */
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
  unknown: 127,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const

/** What each exit code means; the README's table is generated from these. */
export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'done, already so, or a dry run that came to its end; of a report: all well',
  bug: 'a bug in honeydue',
  usage: 'wrong usage, no terminal to ask on, or a `--confirm` that does not match',
  blocked: 'a check failed, and nothing was changed; of a report: something is wrong',
  failed: 'a change failed; something may have changed',
  unverified: 'applied, but not seen to hold in time',
  declined: 'the operator said no, or nobody answered in ten minutes',
  held: 'another operator holds the lease, or took it over',
  moved: 'the world moved since the plan was confirmed',
  unreachable: 'a needed system cannot be reached, or refuses our credentials',
  unknown: 'no such command',
  hungUp: 'stopped by SIGHUP: the terminal is gone',
  interrupted: 'stopped by Ctrl-C',
  terminated: 'stopped by SIGTERM',
}

/** An expected failure: printed as its four parts, never with a stack. Each subclass is one exit code. */
export abstract class Trouble extends Error {
  abstract readonly exitCode: number
  readonly code: string
  readonly failed: string
  readonly state: string
  readonly details: readonly string[]
  readonly byHand: readonly string[]
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
    this.byHand = account.byHand ?? []
    if (account.cause !== undefined) this.likely = account.cause
    if (account.next !== undefined) this.next = account.next
  }
}

/** Nobody foresaw it: exit 1. */
export class Bug extends Trouble {
  readonly exitCode = exitCodes.bug
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
/** Another operator holds the lease: exit 7. */
export class Held extends Trouble {
  readonly exitCode = exitCodes.held
}
/** The world moved since the plan was confirmed: exit 8. */
export class Moved extends Trouble {
  readonly exitCode = exitCodes.moved
}
/** A needed system cannot be reached, or refuses our credentials: exit 9. */
export class Unreachable extends Trouble {
  readonly exitCode = exitCodes.unreachable
}
/** Stopped by a signal at a safe point: exit 129, 130 or 143. */
export class Interrupted extends Trouble {
  readonly exitCode: number
  readonly signal: EndingSignal
  constructor(account: Account, signal: EndingSignal = 'SIGINT') {
    super(account)
    this.signal = signal
    this.exitCode = signalExits[signal]
  }
}

export type EndingSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What a program exits with that one of these ends: 128 and the signal's number. */
export const signalExits: Readonly<Record<EndingSignal, number>> = {
  SIGHUP: exitCodes.hungUp,
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
}

/** One sentence of any thrown value, for a place that has room for one. */
export const reasonOf = (error: unknown): string =>
  error instanceof Trouble
    ? [error.failed, error.likely].filter(Boolean).join(': ')
    : error instanceof Error
      ? error.message
      : String(error)
