import { writeSync } from 'node:fs'
import { exitCodes, reasonOf } from '../errors.ts'
import { shown, shownLines } from './shown.ts'

/** What nobody caught, thrown in an event, ends the program all the same: but by a word of ours, in which nothing is left that a terminal acts on. */
export const tellUncaught = (own: NodeJS.Process): void => {
  own.once('uncaughtException', (error) => {
    const where = error instanceof Error ? (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line)) : []
    const lines = [
      `failed  ${shown(reasonOf(error))}`,
      ...where.map((line) => shownLines(`        ${line.trim()}`)),
      'state   Not known: what was under way may be half done.',
      'cause   A bug in honeydue',
      'next    honeydue run:list   # and report the lines above',
    ]
    try {
      writeSync(2, `${lines.join('\n')}\n`)
    } finally {
      own.exit(exitCodes.bug)
    }
  })
}
