import stringWidth from 'fast-string-width'
import { wrapAnsi } from 'fast-wrap-ansi'
import { shownInBrief } from './shown.ts'

/** Columns of the terminal that standard output leads to; a pipe or a file has no end, so that `grep` finds whole sentences. */
export const screenWidth = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> = process.stdout): number =>
  isTTY ? columns || 80 : Number.POSITIVE_INFINITY

/** Columns that a text takes on a terminal: styles none, ideographs two. */
export const columnsOf = (text: string): number => (/^[ -~]*$/.test(text) ? text.length : stringWidth(text))

/** Breaks between words; a word that is longer than the width is broken too, and a style goes on in the next line. */
export const wrap = (text: string, width: number): readonly string[] =>
  (Number.isFinite(width) ? wrapAnsi(text, width, { hard: true }) : text).split('\n').map((line) => line.trimEnd())

/** `lead`, which may be styled, before the first line, blanks of its width before the others; `text` is cleaned of what a terminal would obey. */
export const hang = (lead: string, text: string, columns = screenWidth()): readonly string[] => {
  const width = columnsOf(lead)
  return wrap(shownInBrief(text), Math.max(columns - width, 20)).map((line, i) => `${i === 0 ? lead : ' '.repeat(width)}${line}`)
}

/** As much of a text as has room, with … where it goes on. */
export const cut = (text: string, width: number): string => {
  if (columnsOf(text) <= width) return text
  let kept = ''
  let room = width - 1
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    room -= columnsOf(segment)
    if (room < 0) break
    kept += segment
  }
  return `${kept.trimEnd()}…`
}
