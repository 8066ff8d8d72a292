import { setMaxListeners } from 'node:events'
import { writeSync } from 'node:fs'
import { Interrupted, signalExits } from '../errors.ts'

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What is said while something is being changed. */
export interface Changing {
  /** Called at the first signal. */
  readonly told: () => void
  /** What nobody knows after the second: the step that is under way. */
  readonly unknown: () => string
}

/** How Ctrl-C, SIGTERM and a lost terminal end what goes on: the first at its next safe point, the second at once. */
export interface Ending {
  /** Aborted, with an Interrupted as its reason, while nothing is being changed: whatever is under way may be cut off. */
  readonly looking: AbortSignal
  /** From here on something is being changed: a signal to stop aborts only what this returns, and calls of systems come to their end. */
  readonly change: (changing: Changing) => AbortSignal
  readonly close: () => void
}

const interruption = (name: (typeof names)[number]): Interrupted =>
  new Interrupted({ code: 'interrupted', failed: name === 'SIGHUP' ? 'Stopped: the terminal is gone' : 'Stopped on request' }, name)

const endAtOnce = (name: (typeof names)[number], unknown: string | undefined): never => {
  const said =
    unknown === undefined
      ? 'Ended at once.\n'
      : `Ended at once: what was being changed may be half done. ${unknown}\nNext: the same command with --dry-run shows what is left.\n`
  // The spinner hides the cursor.
  writeSync(2, `${process.stderr.isTTY ? '\u001B[?25h\n' : ''}${said}`)
  process.exit(signalExits[name])
}

/** One request to stop ends all that is under way: any number may hang on it. */
const widelyHeard = (): AbortController => {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}

/** Listens until it is closed. */
export const listenForEnd = (): Ending => {
  const looking = widelyHeard()
  let current = looking
  let changing: Changing | undefined
  const end = (name: (typeof names)[number]) => {
    if (current.signal.aborted) endAtOnce(name, changing?.unknown())
    current.abort(interruption(name))
    changing?.told()
  }
  for (const name of names) process.on(name, end)
  return {
    looking: looking.signal,
    change: (what) => {
      current = widelyHeard()
      changing = what
      return current.signal
    },
    close: () => {
      for (const name of names) process.off(name, end)
    },
  }
}
