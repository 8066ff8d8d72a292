import { stripVTControlCharacters } from 'node:util'

/** Breaks between words; a word that is longer than the width stands alone, unbroken. */
export const wrap = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && stripVTControlCharacters(longer).length > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}

/** `lead` before the first line, blanks of its width before the others: 80 columns in all. */
export const hang = (lead: string, text: string): readonly string[] => {
  const width = stripVTControlCharacters(lead).length
  return wrap(text, Math.max(80 - width, 20)).map((line, i) => `${i === 0 ? lead : ' '.repeat(width)}${line}`)
}
