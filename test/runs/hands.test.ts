import { expect, test } from 'vitest'
import { count } from '../hostile/points.ts'
import { type Case, cases, groups } from './cases.ts'
import { type Hand, hands } from './hands.ts'
import { lost, useLane } from './lane.ts'

const { sandbox, arrange, start, wordsOf, until, journals, tidy } = useLane()

/** Of the plan, as far as it is written down. */
const titles = (): readonly string[] => {
  const [header] = (journals()[0]?.lines ?? []) as readonly { readonly plan?: { readonly steps: readonly { readonly title: string }[] } }[]
  return header?.plan?.steps.map(({ title }) => title) ?? []
}

/** Whether the run has come to where the hand strikes. */
const isThere = (after: Hand['after']): boolean => {
  const [journal] = journals()
  if (journal === undefined) return false
  if (after === 'begin') return journal.lines.some(({ type }) => type === 'begin')
  const step = typeof after === 'number' ? after : titles().findIndex((title) => after.test(title))
  return journal.lines.some((line) => line.type === 'result' && line.step === step)
}

test('every procedure meets a foreign hand', () => {
  expect([...new Set(hands.map(({ id }) => id))].sort(), 'hands.ts has a hand for each of cases.ts').toEqual(Object.keys(cases).sort())
})

test('every procedure is killed and failed in one of the files', () => {
  expect(Object.values(groups).flat().sort(), 'groups in cases.ts has each of them once').toEqual(Object.keys(cases).sort())
})

test('F13: each step’s object is changed in mid-run by somebody else', async ({ task }) => {
  const missed: string[] = []
  for (const { id, after, act, by: whose, codes, says } of hands) {
    const one: Case = cases[id]
    const values = await arrange(one)
    const line = await wordsOf(id, values)
    const child = start(line)
    expect(await until(child, () => isThere(after)), `${id}: ${after} came before: ${whose}`).toBe(true)
    child.process.kill('SIGSTOP')
    await act({ world: sandbox(), titles: titles(), values })
    child.process.kill('SIGCONT')
    const ended = await child.ended
    const said = ended.said.replace(/\s+/g, ' ')
    const dishonest = ended.code !== 0 && said.includes('Done, and seen to hold')
    if (ended.code === null || !codes.includes(ended.code) || dishonest || (says !== undefined && !said.includes(says)) || !(await tidy(0)))
      missed.push(lost(`${id}: ${whose}`, ended))
  }
  count(task.meta, { of: 'foreign hands in mid-run: kubectl, redis-cli, psql, curl, ssh', tried: hands.length, lost: missed })
})
