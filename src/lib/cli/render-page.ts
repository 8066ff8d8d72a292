import type { ChalkInstance } from 'chalk'
import { shownLines } from './shown.ts'
import { wrap } from './wrap.ts'

/** The Markdown of a page as a pipe gets it: without the marks of its generated parts. */
export const plainPage = (text: string): string => shownLines(text.replace(/<!--.*?-->\n*/g, ''))

/**
 * The Markdown of our pages for a terminal: headings, paragraphs, lists, fenced code, `code` and **bold**, and nothing else.
 * Written here because marked-terminal takes 156 ms to load, for a page that somebody waits for. Shell lines are never wrapped: they are copied.
 */
export const renderPage = (text: string, width: number, chalk: ChalkInstance): string => {
  const lines: string[] = []
  let fenced = false
  for (const line of joined(plainPage(text).split('\n'))) {
    if (line.startsWith('```')) fenced = !fenced
    else if (fenced) lines.push(`  ${/^\s*#/.test(line) ? chalk.dim(line) : line}`.trimEnd())
    else lines.push(...renderLine(line, width, chalk))
  }
  return lines.join('\n').trimEnd()
}

/** A paragraph or list item that the source breaks over several lines is one line here. */
const joined = (lines: readonly string[]): readonly string[] => {
  const out: string[] = []
  let fenced = false
  for (const line of lines) {
    if (line.startsWith('```')) fenced = !fenced
    const before = out.at(-1) ?? ''
    const goesOn = !fenced && /^\s*[^\s#`]/.test(line) && !/^\s*(?:[-*]|\d+\.) /.test(line) && before !== '' && !/^(?:#|```)/.test(before)
    if (goesOn) out[out.length - 1] = `${before} ${line.trim()}`
    else out.push(line)
  }
  return out
}

const renderLine = (line: string, width: number, chalk: ChalkInstance): readonly string[] => {
  const [, marks, heading] = /^(#+) (.*)$/.exec(line) ?? []
  if (heading !== undefined) return [marks === '#' ? chalk.bold.underline(heading) : chalk.bold(heading)]
  const [, lead = '', rest = ''] = /^(\s*(?:[-*]|\d+\.) )?(.*)$/.exec(line) ?? []
  const wrapped = wrap(styled(rest, chalk), Math.max(width - lead.length, 20))
  return wrapped.map((one, i) => (i === 0 ? lead : ' '.repeat(lead.length)) + one)
}

/** Each word of a span has its style on its own, so that a line may break between any two. */
const styled = (text: string, chalk: ChalkInstance, around: (word: string) => string = (word) => word): string =>
  text
    .split(/(`[^`]+`|\*\*.+?\*\*)/)
    .map((span) => {
      if (/^`[^`]+`$/.test(span)) return eachWord(span.slice(1, -1), chalk.cyan)
      return /^\*\*.+\*\*$/.test(span) ? styled(span.slice(2, -2), chalk, chalk.bold) : eachWord(span, around)
    })
    .join('')

const eachWord = (text: string, style: (word: string) => string): string =>
  text
    .split(' ')
    .map((word) => word && style(word))
    .join(' ')
