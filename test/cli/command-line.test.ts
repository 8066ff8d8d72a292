import { expect, test } from 'vitest'
import { commandLine } from '../../src/lib/cli/command-line.ts'

const known = { topics: ['cache', 'nodes'], commands: ['cache:invalidate', 'cache:status', 'nodes:status'] }

test('a space joins a topic and its command as the colon does', () => {
  expect(commandLine(['cache', 'invalidate', '--user', '7'], known)).toEqual({ args: ['cache:invalidate', '--user', '7'] })
  expect(commandLine(['cache:invalidate', '--user', '7'], known)).toEqual({ args: ['cache:invalidate', '--user', '7'] })
})

test('an unknown word after a topic is refused with the nearest command', () => {
  expect(commandLine(['cache', 'invalidat'], known)).toEqual({
    unknown: 'cache:invalidat',
    near: 'cache:invalidate',
  })
})

test('a topic alone, help and flags go on as they are', () => {
  for (const words of [['cache'], ['--version'], []]) expect(commandLine(words, known)).toEqual({ args: words })
})

test('a flag where the command belongs is refused', () => {
  expect(commandLine(['--user', '7'], known)).toEqual({ unknown: '--user' })
})

test('help words ask for the help of what follows', () => {
  expect(commandLine(['help'], known)).toEqual({ args: ['--help'] })
  expect(commandLine(['help', 'cache', 'invalidate'], known)).toEqual({ args: ['cache:invalidate', '--help'] })
})
