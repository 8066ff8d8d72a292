import { join } from 'node:path'
import { answerTab } from './lib/cli/completion/answer-tab.ts'
import { renderedAnswer } from './lib/cli/rendered-help.ts'
import { bearClosedStreams } from './lib/cli/streams.ts'

export { keepToOurselves, startedAnew } from './lib/cli/own-process.ts'

/** Answers version and help from what the build rendered; false where the program itself must run. */
export const answer = (root: string, words: readonly string[]): boolean => {
  const [first, line = ''] = words
  const text = first === '__complete' ? answerTab(root, line, process.env) : renderedAnswer(join(root, 'dist/help'), words, process)
  if (text === undefined) return false
  bearClosedStreams(process)
  process.stdout.write(text)
  return true
}
