import { expect, test } from 'vitest'
import { Blocked, Moved, Unreachable } from '../../src/lib/errors.ts'
import { fails } from '../../src/lib/plan/finding.ts'
import { perform } from '../../src/lib/plan/perform.ts'
import type { Step } from '../../src/lib/plan/procedure.ts'
import { begin, light } from '../support/lights.ts'

const lamp = (name: string, before = 'off') => {
  const one = light(name)
  return { ...one, step: { ...one.step, effect: [{ what: `lamp ${name}`, before, after: 'on' }] } }
}
const performing = async (afresh: (title: string) => Promise<Step<never> | undefined>) => {
  const [a, b] = [lamp('a'), lamp('b')]
  const { prepared, run } = await begin([a.step, b.step])
  const asked: string[] = []
  const outcome = await perform(prepared, {
    ...run,
    blame: async ({ title }) => (title === b.step.title ? 'eva at 02:11' : undefined),
    afresh: async (title) => {
      asked.push(title)
      return afresh(title)
    },
  })
  return { ...outcome, asked, applied: [a.state.applied, b.state.applied] }
}

test('before each change but the first its facts are read again; as they were, it is done', async () => {
  const { states, asked } = await performing(async () => lamp('b').step)
  expect([states, asked]).toEqual([['done', 'done'], ['Turn on b']])
})

test('another value than it was planned on stops the run with 8, old and new, and who changed it; nothing is written', async () => {
  const { states, trouble, applied } = await performing(async () => lamp('b', 'broken').step)
  expect(trouble).toMatchObject({
    exitCode: 8,
    code: 'facts-moved',
    likely: 'eva at 02:11',
    details: ['- lamp b: off', '+ lamp b: broken'],
  })
  expect([states, applied]).toEqual([
    ['done', 'untouched'],
    [1, 0],
  ])
})

test('a check that does not hold on what is read now stops it too, and so does what refuses to be planned', async () => {
  const checked = await performing(async () => ({ ...lamp('b').step, check: async () => fails('the fuse is out') }))
  expect(checked.trouble).toMatchObject({ exitCode: 8, failed: 'Turn on b: the fuse is out' })
  const blocked = await performing(async () => {
    throw new Blocked({ code: 'x', failed: 'There is no house' })
  })
  expect([blocked.trouble?.exitCode, blocked.trouble?.failed, blocked.applied]).toEqual([8, 'Turn on b: There is no house', [1, 0]])
})

test('what cannot be read now, or is in the plan no more, is not known: the write tests for itself', async () => {
  const away = await performing(async () => {
    throw new Unreachable({ code: 'x', failed: 'nobody answers' })
  })
  const gone = await performing(async () => undefined)
  expect([away.states, gone.states]).toEqual([
    ['done', 'done'],
    ['done', 'done'],
  ])
})

test('a write that was refused, as somebody else had been quicker, says who that was; where nobody knows, it says what the system said', async () => {
  const refused = lamp('a').step
  const apply = async () => {
    throw new Moved({ code: 'kube-moved', failed: 'It is not off', cause: 'the request was wrong' })
  }
  const { prepared, run } = await begin([{ ...refused, apply }])
  const known = await perform(prepared, { ...run, blame: async () => 'eva at 02:11' })
  const unknown = await perform(prepared, run)
  const silent = await perform(prepared, {
    ...run,
    blame: async () => {
      throw new Unreachable({ code: 'x', failed: 'nobody answers' })
    },
  })
  expect(known.trouble).toMatchObject({ exitCode: 8, failed: 'It is not off', likely: 'eva at 02:11' })
  expect([unknown.trouble?.likely, silent.trouble?.likely]).toEqual(['the request was wrong', 'the request was wrong'])
})
