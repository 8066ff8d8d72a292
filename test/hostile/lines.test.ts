import { describe, expect, test } from 'vitest'
import { linesOf, programs, saidOf } from '../support/every-line.ts'
import { hostileWords, pieces } from '../support/hostile-words.ts'
import { shells, typeInto } from '../support/shells.ts'
import { count } from './points.ts'

/** Every piece alone, and random words of them: in the hostile lane thousands of lines for each shell that they are for. */
const lane = process.env['HOSTILE'] !== undefined
const values = lane ? hostileWords(pieces.length + 10, 3) : hostileWords(20)
const posix = ['sh', 'dash', 'bash', 'zsh']

describe.each(shells.filter(({ name }) => posix.includes(name)))('typed into $name', ({ name, path }) => {
  test('F2b: no line of any writer runs what a value from outside says', ({ task }) => {
    const lost: string[] = []
    let tried = 0
    const typed = (some: readonly string[]) => {
      const lines = some.flatMap((value) => saidOf(value).flatMap(linesOf))
      // A folder that is not there, and what fails, would only end it sooner; each line is a subshell's so that exit ends no more than it.
      const script = lines.map((line) => `(${line}\n)`).join('\n')
      const { code, left, calls } = typeInto(path, `cd() { stub cd "$@"; }\n${script}\n`, programs, {
        answers: { curl: 'echo \'{"id":"a1"}\'', git: 'echo scratch' },
        functions: true,
      })
      // A shell that was killed has not come to the last lines.
      expect(code).not.toBeNull()
      expect(calls.length).toBeGreaterThan(some.length * 30)
      // What a node is sent is a line for its own shell.
      const sent = calls.filter(([name]) => name === 'ssh').map((call) => call.at(-1) ?? '')
      expect(sent.length).toBe(some.length * 3)
      const remote = typeInto(path, sent.map((line) => `(${line}\n)`).join('\n'), programs, { functions: true })
      return { lines: lines.length + sent.length, ran: [...left, ...remote.left].some((name) => /^pwned(\.txt)?$/.test(name)) }
    }
    for (let from = 0; from < values.length; from += 20) {
      const some = values.slice(from, from + 20)
      const { lines, ran } = typed(some)
      tried += lines
      if (ran) lost.push(...some.filter((value) => typed([value]).ran).map((value) => JSON.stringify(value)))
    }
    expect(tried).toBeGreaterThan(lane ? 3000 : 500)
    count(task.meta, { of: `${name}: lines of hostile values, pasted`, tried, lost })
  }, 300_000)
})

/** The same in a few values, for a question that is asked of each. */
const chunks = Array.from({ length: 8 }, (_, i) =>
  pieces
    .filter((_, at) => at % 8 === i)
    .join('')
    .replace(/\n+$/, ''),
)

test('a value arrives as it is: in the name of an object, a connection, a statement, a rule', () => {
  for (const value of chunks) {
    const said = saidOf(value)
    const { calls } = typeInto(
      '/bin/sh',
      said
        .flatMap(linesOf)
        .map((line) => `(${line}\n)`)
        .join('\n'),
      programs,
      { answers: { curl: 'echo \'{"id":"a1"}\'', git: 'echo scratch' } },
    )
    const of = (name: string) => calls.filter(([program]) => program === name)
    expect(of('kubectl').some((call) => call[1] === '-n' && call[2] === value && call.includes(`deployment/${value}`))).toBe(true)
    expect(of('psql').every((call) => call[call.indexOf('-d') + 1]?.includes(`dbname=`))).toBe(true)
    expect(of('ssh').every((call) => call.includes(value))).toBe(true)
    expect(of('curl').every((call) => call[call.indexOf('--cacert') + 1] === value)).toBe(true)
  }
})
