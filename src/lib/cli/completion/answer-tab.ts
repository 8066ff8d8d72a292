import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import { candidates, type Known, wordsOf } from './candidates.ts'
import { keptValues } from './kept-values.ts'

/** Which deployment the line is about. */
const environmentOf = (line: string, env: NodeJS.ProcessEnv): string => {
  const words = wordsOf(line)
  const at = words.indexOf('--env')
  const given =
    at >= 0 && at < words.length - 2
      ? words[at + 1]
      : words
          .slice(0, -1)
          .find((word) => word.startsWith('--env='))
          ?.slice(6)
  return given || env['HONEYDUE_ENV'] || 'production'
}

/** What the shells' scripts ask for: `word<TAB>what it means`, a line each; nothing where nothing is known. No library is read for it. */
export const answerTab = (root: string, line: string, env: NodeJS.ProcessEnv): string => {
  try {
    const known = JSON.parse(brotliDecompressSync(readFileSync(join(root, 'dist/help/complete.json.br'))).toString()) as Known
    const live = () => keptValues(environmentOf(line, env), env, join(root, 'bin/run.js'))
    return candidates(line, known, live)
      .map(([word, about]) => `${word}\t${about}\n`.replace(/[^\P{Cc}\t\n]/gu, ' '))
      .join('')
  } catch {
    return ''
  }
}
