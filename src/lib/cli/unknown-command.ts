import { join } from 'node:path'
import { exitCodes, Usage } from '../errors.ts'
import { readPages } from '../runbook/page.ts'
import { searchPages } from '../runbook/search.ts'
import { sh } from '../shell.ts'
import { failureDocument } from './failure.ts'
import { envAsked, typedHere } from './here.ts'
import { paint, renderTrouble } from './render.ts'
import { listPages } from './runbook-command.ts'
import { shown } from './shown.ts'
import { typedLine } from './typed-line.ts'

/** Tells that these words name no command: with the nearest one, or with what the runbook has for them as a symptom. Its exit code is 127, as a shell's. */
export const tellUnknown = async (
  { unknown, near }: { readonly unknown: string; readonly near?: string },
  words: readonly string[],
  root: string,
): Promise<void> => {
  process.exitCode = exitCodes.unknown
  const here = { env: envAsked(words, process.env) }
  const plain = words.filter((word, i) => !word.startsWith('-') && words[i - 1] !== '--env')
  const symptom = plain.join(' ')
  // A command that is misspelled: its name is one word, or a topic and one.
  const name = near !== undefined && plain.length <= (unknown.includes(':') ? 2 : 1)
  const trouble = new Usage({
    code: 'unknown-command',
    failed: `There is no command ${unknown}`,
    cause: unknown.startsWith('-')
      ? "The command's name comes before its flags"
      : near
        ? `${near} may be meant`
        : 'No command has a name like it',
    next: near ? sh`honeydue ${near} --help` : /\s/.test(symptom) ? typedLine('diagnose', plain) : 'honeydue --help',
  })
  if (words.includes('--json')) {
    process.stdout.write(`${failureDocument(trouble, unknown, { exitCode: exitCodes.unknown, here })}\n`)
    return
  }
  // A word with a colon is a command's name; an error text has blanks as well.
  const found = symptom === '' || /^\S*:\S*$/.test(symptom) || name ? [] : searchPages(await readPages(join(root, 'runbooks')))(symptom)
  if (found.length === 0) {
    process.stderr.write(`${renderTrouble(trouble, paint(process.stderr), here)}\n`)
    return
  }
  process.stderr.write(`There is no command "${shown(symptom)}". The runbook has for it, the likely first:\n`)
  process.stdout.write(`${listPages(found.slice(0, 8), paint(process.stdout))}\n`)
  process.stderr.write(`next: ${shown(typedHere(typedLine('diagnose', plain), here))}   # looks for the cause\n`)
}
