import { join } from 'node:path'
import { renderedAnswer } from './lib/cli/rendered-help.ts'

/** Answers version and help from what the build rendered; false where the program itself must run. */
export const answer = (root: string, words: readonly string[]): boolean => {
  const text = renderedAnswer(join(root, 'dist/help'), words, process)
  if (text === undefined) return false
  // A pager that was closed early is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  process.stdout.write(text)
  return true
}
