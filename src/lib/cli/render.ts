import { Chalk, type ChalkInstance, supportsColor, supportsColorStderr } from 'chalk'
import type { Trouble } from '../errors.ts'
import { type Here, saidHere, typedHere } from './here.ts'
import { shown, shownLines } from './shown.ts'
import { hang, screenWidth } from './wrap.ts'

/** Colour for a stream that shows it, by the terminal, NO_COLOR and FORCE_COLOR; `false` has none. */
export const paint = (stream: NodeJS.WriteStream | false): ChalkInstance => {
  const support = stream === process.stderr ? supportsColorStderr : supportsColor
  return new Chalk({ level: !stream || process.env['NO_COLOR'] || !support ? 0 : support.level })
}

/** The four parts of an error, aligned; what is to be typed is never broken. */
export const renderTrouble = (trouble: Trouble, chalk: ChalkInstance, here: Here = {}, columns = screenWidth(process.stderr)): string =>
  [
    ...hang(`${chalk.red('failed')}  `, saidHere(trouble.failed, here), columns),
    ...trouble.details.flatMap((line) => detail(line, here, columns)),
    ...hang('state   ', trouble.state, columns),
    ...(trouble.likely ? hang('cause   ', saidHere(trouble.likely, here), columns) : []),
    ...(trouble.next ? [`next    ${shown(typedHere(trouble.next, here))}`] : []),
    // From the first column on: a blank before its last word, and no shell would find the end of the script.
    ...(trouble.byHand.length > 0 ? ['', 'By hand, what is left:', '', ...trouble.byHand.map(shown)] : []),
  ].join('\n')

/** A sentence is broken at the width; what is indented is a shell line, and is not. */
const detail = (line: string, here: Here, columns: number): readonly string[] =>
  line.startsWith('  ')
    ? shownLines(line)
        .split('\n')
        .map((one) => `        ${one}`)
    : hang('        ', saidHere(line, here), columns)
