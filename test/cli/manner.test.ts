import { expect, test } from 'vitest'
import { commandLine } from '../../src/lib/cli/command-line.ts'
import { isPlain, record, settleColour } from '../../src/lib/cli/manner.ts'
import { shown } from '../../src/lib/cli/shown.ts'

const known = { topics: ['cache', 'nodes'], commands: ['cache:invalidate', 'nodes:status'] }

test('flags of manner may stand before the command, and before no other flag', () => {
  expect(commandLine(['--no-color', '--env', 'sandbox', 'nodes', 'status', '--watch'], known)).toEqual({
    args: ['nodes:status', '--no-color', '--env', 'sandbox', '--watch'],
  })
  expect(commandLine(['--plain', 'cache:invalidate', '--', '--x'], known)).toEqual({ args: ['cache:invalidate', '--plain', '--', '--x'] })
  expect(commandLine(['--no-input'], known)).toEqual({ args: ['--no-input'] })
  expect(commandLine(['--user', '7', 'cache:invalidate'], known)).toEqual({ unknown: '--user' })
})

test('behind -- stand others’ words; no colour is stronger than colour that is forced', () => {
  expect([isPlain(['x', '--plain']), isPlain(['x', '--', '--plain'])]).toEqual([true, false])
  for (const flag of ['--no-color', '--plain']) {
    const env: NodeJS.ProcessEnv = { FORCE_COLOR: '3' }
    settleColour(env, ['status', flag])
    expect(env).toEqual({ NO_COLOR: '1' })
  }
  expect(record(['a\tb', 'c\nd'], shown)).toBe('a\\tb\tc\\nd')
})
