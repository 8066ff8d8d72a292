import { Blocked } from '../errors.ts'
import { type ShellLine, wordsIn } from '../shell.ts'
import type { LeaseRecord } from '../systems/kube/lease-store.ts'
import { typedLine } from './typed-line.ts'

/** A command line that goes on from where another operator's run stops. */
export interface GoingOn {
  readonly id: string
  readonly words: readonly string[]
  readonly line: ShellLine
}

/** What was confirmed there says nothing of what is confirmed here, and a deployment may have another name on this machine. */
const theirs = /^--(env|confirm|plan|out|take-over|wait)$/

/**
 * The procedure that the holder of the lease performs, for this machine to perform. Throws Blocked where its line is none that can be typed: the
 * lease says what its holder says.
 */
export const goingOnFrom = (held: LeaseRecord, procedures: readonly string[], own: readonly string[]): GoingOn => {
  const [program, id = '', ...given] = wordsIn(held.told.line ?? '') ?? []
  if (program !== 'honeydue' || !procedures.includes(id))
    throw new Blocked({
      code: 'not-to-be-taken-over',
      failed: `What ${held.holder ?? 'nobody'} does cannot be continued by its line`,
      cause: held.told.line === undefined ? 'The lease does not say it' : `It is no procedure: ${held.told.line}`,
      next: 'honeydue run:watch',
    })
  const kept = given.filter(
    (word, i) => !/^--(env|confirm|plan|out|take-over|wait)=/.test(word) && !theirs.test(word) && !theirs.test(given[i - 1] ?? ''),
  )
  const words = [...kept.filter((word) => word !== '--without-lease'), ...own]
  return { id, words, line: typedLine(id, words) }
}
