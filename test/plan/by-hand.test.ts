import { describe, expect, test } from 'vitest'
import { byHand, handLines, scriptOf } from '../../src/lib/plan/by-hand.ts'
import type { PlannedStep } from '../../src/lib/plan/plan.ts'
import { type ShellLine, sh } from '../../src/lib/shell.ts'
import { shells, typeInto } from '../support/shells.ts'

/** Shells whose prompt takes the whole script: fish knows no here-documents, and is told to start sh first. */
const takers = shells.filter(({ name }) => name !== 'fish')

const before = [sh`export WHERE=${'a cluster'}`]
const change = (name: string, writes = 1, more: Partial<PlannedStep> = {}): PlannedStep => ({
  kind: 'change',
  title: `Change ${name}`,
  effect: [],
  already: false,
  fidelity: 'observed',
  manual: [],
  writes: Array.from({ length: writes }, (_, i) => ({
    system: 'kube',
    call: 'one',
    target: name,
    before,
    lines: [sh`stub ${name} ${i} "$WHERE"`],
  })),
  undo: 'undo',
  ...more,
})
const proof = (name: string, lines?: readonly ShellLine[]): PlannedStep => ({
  ...change(name, 0),
  kind: 'proof',
  title: `${name} holds`,
  ...(lines && { shows: { lines } }),
})
const planned = (steps: readonly PlannedStep[], risk: 'disruptive' | 'irreversible' = 'disruptive') => ({ risk, steps })
const text = (lines: readonly string[]) => `${lines.join('\n')}\necho >/dev/null; stub after\n`
const untouched = { states: [], written: [] }

describe.each(takers)('pasted into $name', ({ path }) => {
  const typed = (lines: readonly string[], answers: Readonly<Record<string, string>> = {}) =>
    typeInto(path, text(lines), ['stub', 'false', 'sh', 'cat', 'stty'], {
      answers: { false: 'exit 1', sh: 'exec /bin/sh "$@"', ...answers },
    }).calls.filter(([name]) => name === 'stub')

  test('every line runs once, in order, with what it relies on; the shell goes on afterwards', () => {
    expect(typed(byHand(planned([change('a', 2), change("b's")])))).toEqual([
      ['stub', 'a', '0', 'a cluster'],
      ['stub', 'a', '1', 'a cluster'],
      ['stub', "b's", '0', 'a cluster'],
      ['stub', 'after'],
    ])
  })

  test('what fails stops all that follows, and not the shell', () => {
    const calls = typed(byHand(planned([change('a'), proof('b', [sh`false`]), change('c')])))
    expect(calls).toEqual([
      ['stub', 'a', '0', 'a cluster'],
      ['stub', 'after'],
    ])
  })

  test('what only a look can tell waits; where nobody answers, nothing follows', () => {
    expect(typed(byHand(planned([change('a'), proof('b'), change('c')])))).toEqual([
      ['stub', 'a', '0', 'a cluster'],
      ['stub', 'after'],
    ])
  })

  test('what nothing takes back is not done until it is let go', () => {
    const plan = planned([change('a'), change('b', 1, { undo: 'gone is gone' })], 'irreversible')
    expect(typed(byHand(plan))).toEqual([
      ['stub', 'a', '0', 'a cluster'],
      ['stub', 'after'],
    ])
    const released = handLines(plan).map((line) => (line.kind === 'held' ? { ...line, kind: 'line' as const } : line))
    expect(typed(scriptOf(released))).toEqual([
      ['stub', 'a', '0', 'a cluster'],
      ['stub', 'b', '0', 'a cluster'],
      ['stub', 'after'],
    ])
  })

  test('of what was begun, the write that nobody knows of is asked about, those before it are left out', () => {
    const plan = planned([change('a'), change('b', 3), change('c')])
    const lines = byHand(plan, { states: ['done', 'half', 'untouched'], written: [1, 1, 0] })
    expect(lines.findIndex((line) => line.includes('Look first'))).toBeLessThan(lines.indexOf(sh`stub b 1 "$WHERE"`))
    const answered = (answer: string) => typed(lines.map((line) => (line.startsWith('ask() ') ? `ask() { answer=${answer}; }` : line)))
    const rest = [
      ['stub', 'b', '2', 'a cluster'],
      ['stub', 'c', '0', 'a cluster'],
      ['stub', 'after'],
    ]
    expect(answered('n')).toEqual([['stub', 'b', '1', 'a cluster'], ...rest])
    expect(answered('y')).toEqual(rest)
    expect(typed(lines)).toEqual([['stub', 'after']])
  })
})

test('what was done and not seen to hold is looked at first, and not done again', () => {
  const lines = byHand(planned([change('a'), change('b')]), { states: ['unverified', 'untouched'], written: [1, 0] })
  expect(lines.join('\n')).toContain("# Done, and not seen to hold; look first: Change a\nsee 'Change a'\n# Change b\n")
  expect(lines.join('\n')).not.toContain('stub a')
})

test('where nothing is left to change there is nothing to type', () => {
  expect(byHand(planned([proof('a'), change('b', 1, { already: true })]))).toEqual([])
  expect(byHand(planned([change('a'), proof('b')]), { states: ['done', 'proven'], written: [1, 0] })).toEqual([])
  expect(byHand(planned([change('a')]), untouched)).not.toEqual([])
})

test('functions and variables that several lines need stand there once', () => {
  const lines = byHand(planned([change('a'), change('b'), proof('c'), proof('d')]))
  expect(new Set(lines.filter((line) => !line.startsWith('#'))).size).toBe(lines.filter((line) => !line.startsWith('#')).length)
})
