import { join } from 'node:path'
import { renderedAnswer } from './lib/cli/rendered-help.ts'
import { bearClosedStreams } from './lib/cli/streams.ts'

export { keepToOurselves, startedAnew } from './lib/cli/own-process.ts'

/** Answers version and help from what the build rendered; false where the program itself must run. */
export const answer = (root: string, words: readonly string[]): boolean => {
  const text = renderedAnswer(join(root, 'dist/help'), words, process)
  if (text === undefined) return false
  bearClosedStreams(process)
  process.stdout.write(text)
  return true
}
