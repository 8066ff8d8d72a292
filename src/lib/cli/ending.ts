import { writeSync } from 'node:fs'
import { exitCodes, Interrupted } from '../errors.ts'

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How Ctrl-C, SIGTERM and a lost terminal end what goes on: the first at its next safe point, the second at once. */
export interface Ending {
  /** Aborted, with an Interrupted as its reason, while nothing is being changed: whatever is under way may be cut off. */
  readonly looking: AbortSignal
  /** From here on something is being changed: a signal to stop aborts only what this returns, and calls of systems come to their end. */
  readonly change: (told: () => void) => AbortSignal
  readonly close: () => void
}

const interruption = (name: (typeof names)[number]): Interrupted =>
  new Interrupted({ code: 'interrupted', failed: 'Stopped on request' }, name === 'SIGINT' ? 'SIGINT' : 'SIGTERM')

const endAtOnce = (name: (typeof names)[number], changing: boolean): never => {
  const said = changing
    ? 'Ended at once: what was being changed may be half done.\nNext: the same command with --dry-run shows what is left.\n'
    : 'Ended at once.\n'
  // The spinner hides the cursor.
  writeSync(2, `${process.stderr.isTTY ? '\u001B[?25h\n' : ''}${said}`)
  process.exit(name === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated)
}

/** Listens until it is closed. */
export const listenForEnd = (): Ending => {
  const looking = new AbortController()
  let current = looking
  let tell = () => {}
  const end = (name: (typeof names)[number]) => {
    if (current.signal.aborted) endAtOnce(name, current !== looking)
    current.abort(interruption(name))
    tell()
  }
  for (const name of names) process.on(name, end)
  return {
    looking: looking.signal,
    change: (told) => {
      current = new AbortController()
      tell = told
      return current.signal
    },
    close: () => {
      for (const name of names) process.off(name, end)
    },
  }
}
