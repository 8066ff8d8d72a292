import { expect, test } from 'vitest'
import { inputOf } from '../../src/lib/cli/flags.ts'
import { Usage } from '../../src/lib/errors.ts'
import { duration, oneOf, optionalText, texts, toggle } from '../../src/lib/plan/choice.ts'

const choices = {
  to: oneOf(['pooler', 'direct'], { about: 'which endpoint', ask: 'Which endpoint?' }),
  user: texts({
    about: 'whose',
    ask: 'Which users?',
    not: ['everyone'],
    refuse: (value) => (/^\d+$/.test(value) ? undefined : `"${value}" is no id`),
  }),
  everyone: toggle({ about: 'all of them', not: ['user'] }),
  within: duration({ about: 'how long', default: '30s' }),
  label: optionalText({ about: 'a name' }),
}

test('a missing choice is asked for where somebody can be asked; what excludes it stands in for it', async () => {
  const asked: string[] = []
  const ask = async (name: string) => {
    asked.push(name)
    return name === 'to' ? 'direct' : '7, 8'
  }
  expect(await inputOf(choices, { within: '5m' }, ask)).toEqual({
    to: 'direct',
    user: ['7', '8'],
    everyone: false,
    within: 300_000,
    label: undefined,
  })
  expect(asked).toEqual(['to', 'user'])
  expect(await inputOf(choices, { to: 'pooler', everyone: true, within: '1s' }, undefined)).toMatchObject({ user: [], everyone: true })
})

test('where nobody can be asked, a missing or refused choice is a usage error that names the flag', async () => {
  const failing = (typed: Record<string, unknown>) =>
    inputOf(choices, { within: '1s', ...typed }, undefined).catch((error: unknown) => error)
  for (const [typed, failed] of [
    [{}, '--to is missing: one of pooler, direct'],
    [{ to: 'direct' }, '--user or --everyone is missing'],
    [{ to: 'direct', user: ['x'] }, '--user: "x" is no id'],
    [{ to: 'direct', user: [''] }, '--user is empty'],
    [{ to: 'direct', user: ['7'], label: ' ' }, '--label is empty'],
    [{ to: 'direct', user: ['7'], within: '5' }, '--within: "5" is no duration such as 30s or 5m'],
  ] as const) {
    const error = await failing(typed)
    expect(error).toBeInstanceOf(Usage)
    expect(error).toMatchObject({ exitCode: 2, failed })
  }
})
