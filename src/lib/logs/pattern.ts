import { createContext, Script } from 'node:vm'
import { counted } from '../counted.ts'
import { Usage } from '../errors.ts'

/** So long may a pattern take over one piece of lines, in milliseconds. */
const within = 2000

/**
 * Which of these lines match a regular expression of JavaScript. A pattern that goes back and forth for ever over a line is stopped by V8 after
 * two seconds: a thread of its own would cost more and know no more. Throws Usage for what is no pattern, and for one that was stopped.
 */
export const matcher = (source: string): ((lines: readonly string[]) => readonly boolean[]) => {
  try {
    new RegExp(source)
  } catch (error) {
    throw new Usage({
      code: 'flag-grep',
      failed: `--grep: ${source} is no regular expression`,
      cause: error instanceof Error ? error.message : String(error),
      next: "honeydue logs --grep 'time.?out'",
    })
  }
  const context = createContext({ source, lines: [] as readonly string[] })
  const script = new Script('globalThis.pattern ??= new RegExp(source); lines.map((line) => pattern.test(line))')
  return (lines) => {
    context['lines'] = lines
    try {
      return [...(script.runInContext(context, { timeout: within }) as readonly boolean[])]
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
      throw new Usage({
        code: 'flag-grep',
        failed: `--grep: ${source} took more than ${within / 1000} s for ${counted(lines.length, 'line')}, and was stopped`,
        cause: 'A repetition within a repetition, such as (a+)+, takes endless time on some texts',
        next: 'use a simpler pattern: honeydue logs --help',
      })
    } finally {
      context['lines'] = []
    }
  }
}
