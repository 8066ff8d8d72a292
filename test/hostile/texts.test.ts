import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { procedures } from '../../src/lib/procedures/index.ts'
import { reports } from '../../src/lib/reports/index.ts'
import { plantedValues } from '../../src/lib/sandbox/deployment/planted.ts'
import { programs } from '../support/every-line.ts'
import { hostile, rawControls } from '../support/hostile.ts'
import { poison } from '../support/poison.ts'
import { honeydue, requireBuild } from '../support/program.ts'
import { shells, typeInto } from '../support/shells.ts'
import { useSandbox } from '../support/worlds.ts'
import { attacked, everyProcedure } from './attacked.ts'
import { allOf, count, inTurn } from './points.ts'
import { poisonAnswers, rounds } from './poisoned.ts'

const sandbox = useSandbox({ postgres: true })
const home = mkdtempSync(join(tmpdir(), 'honeydue-texts-'))
beforeAll(requireBuild)
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** For the terminal, and for whoever pastes it. */
const text = `${hostile}$(pwned)\`pwned\`';pwned;'";pwned;"\n pwned\n`

/** Every report and every procedure, as somebody looks at them. */
const everyCommand = (pid: string): readonly (readonly string[])[] => {
  const words = everyProcedure.map((id) => [id, ...(id === 'db:unlock' ? ['--pid', pid] : attacked[id].words)])
  return [
    ...Object.keys(reports).map((id) => [id]),
    ['doctor'],
    ['config:explain'],
    ['lock:status'],
    ...words.map((line) => [...line, '--dry-run']),
    ...words.map((line) => [...line, '--by-hand']),
  ]
}
/** Where answers are hostile each twelfth of them, another one in each round; where what lies in the systems is hostile, and each comes to its end, each sixth. */
const commands = (pid: string, round: number) => inTurn(everyCommand(pid), round === rounds ? 6 : 12, round)

/** The lines that it tells to be typed: those of `--by-hand`, and what is named as next. */
const toBeTyped = (words: readonly string[], stdout: string): readonly string[] => {
  if (words.includes('--by-hand')) return [stdout]
  const found: string[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, one] of Object.entries(value)) {
      if (key === 'next' && typeof one === 'string') found.push(one)
      else if (key === 'byHand' && Array.isArray(one)) found.push(one.join('\n'))
      else walk(one)
    }
  }
  try {
    walk(JSON.parse(stdout))
  } catch {
    // Text has no lines of its own: they are wrapped.
  }
  return found
}

const ran = (lines: readonly string[]): boolean =>
  shells
    .filter(({ name }) => name === 'sh' || name === 'bash')
    .some(({ path }) => {
      const { left } = typeInto(path, lines.map((line) => `(${line}\n)`).join('\n'), [...programs, 'honeydue', 'cat'], {
        answers: { curl: 'echo \'{"id":"a1"}\'', git: 'echo scratch' },
        functions: true,
      })
      return left.some((name) => /^pwned/.test(name))
    })

const tried = { streams: 0, outOf: 0, lines: 0 }
const lost = { streams: [] as string[], lines: [] as string[] }

test.each(Array.from({ length: rounds + 1 }, (_, i) => i))('round %s of hostile text in what systems say', async (round) => {
  await sandbox().reset()
  const { pid, stop } = await poison(sandbox(), text)
  // In the last round what lies in the systems alone is hostile, and every command comes to its end.
  const heal = round < rounds ? poisonAnswers(round, text) : () => {}
  try {
    tried.outOf += 2 * everyCommand(pid).length
    await allOf(commands(pid, round), 4, async (words) => {
      const json = !words.includes('--by-hand') && round % 2 === 0 ? ['--json'] : []
      const ask = () =>
        honeydue([...words, ...json, '--env', join(sandbox().dir, 'environment.yaml')], { home, within: 90_000, env: { NO_COLOR: '1' } })
      const first = await ask()
      // On a busy machine it may have had no time: who did not end is asked once more.
      const { code, stdout, stderr } = first.code === null ? await ask() : first
      const at = `round ${round}: ${words.join(' ')} ${json}`
      tried.streams += 2
      for (const stream of [stdout, stderr]) {
        const raw = rawControls(stream)
        if (raw.length > 0) lost.streams.push(`${at}: ${raw.slice(0, 5)}`)
        if (plantedValues.some((value) => stream.includes(value))) lost.streams.push(`${at}: a secret`)
      }
      if (code === 1 || code === null) lost.streams.push(`${at}: exit ${code}\n${stderr.slice(0, 1500)}`)
      const lines = toBeTyped(words, stdout)
      tried.lines += lines.length
      if (lines.length > 0 && ran(lines)) lost.lines.push(`${at}: ${lines.join('\n')}`)
    })
  } finally {
    heal()
    await stop()
  }
})

test('F3: no stream carries what a terminal obeys', ({ task }) => {
  count(task.meta, {
    of: 'streams with hostile text in every field that a system returns',
    tried: tried.streams,
    outOf: tried.outOf,
    lost: lost.streams,
  })
})
test('F2b: nothing of what is told to be typed runs what a system said', ({ task }) => {
  count(task.meta, { of: 'lines of --by-hand and next: made of hostile answers, pasted', tried: tried.lines, lost: lost.lines })
})
test('every procedure is asked', () => {
  expect(Object.keys(attacked).sort()).toEqual(Object.keys(procedures).sort())
})
