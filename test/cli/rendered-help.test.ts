import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { type HelpIndex, renderedAnswer, type Showing } from '../../src/lib/cli/rendered-help.ts'
import { honeydue, requireBuild, root } from '../program.ts'

beforeAll(requireBuild)

const folder = join(root, 'dist/help')
const index = () => JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as HelpIndex
const terminal = (columns: number, env: NodeJS.ProcessEnv = { TERM: 'xterm-256color' }): Showing => ({
  env,
  stdout: { isTTY: true, columns },
  stderr: { isTTY: true },
})
const pipe = (env: NodeJS.ProcessEnv = {}): Showing => ({ env, stdout: {}, stderr: {} })

test('every help is what oclif would print, at every kind of width, coloured and plain', async () => {
  // The library that colours decides when it is loaded.
  process.env['FORCE_COLOR'] = '1'
  const { Config, Help } = await import('@oclif/core')
  class Written extends Help {
    readonly lines: string[] = []
    override log(...args: string[]): void {
      this.lines.push(args.join(' '))
    }
  }
  const config = await Config.load({ root })
  const { topics, commands } = index()
  const ids = ['', ...topics, ...commands]
  expect(ids.length).toBeGreaterThan(10)
  for (const id of ids) {
    const words = id ? [id, '--help'] : ['--help']
    for (const columns of [60, 61, 72, 79, 80, 81, 100, 133, 212, 1000]) {
      const live = new Written(config, { maxWidth: columns })
      await live.showHelp(words)
      const text = `${live.lines.join('\n')}\n`
      expect(renderedAnswer(folder, words, terminal(columns))).toBe(text)
      expect(renderedAnswer(folder, words, terminal(columns, { NO_COLOR: '1' }))).toBe(stripVTControlCharacters(text))
      if (columns === 80) expect(renderedAnswer(folder, words, pipe())).toBe(stripVTControlCharacters(text))
    }
  }
})

test('both spellings, help words and a topic alone are the same help; everything else is left to the program', () => {
  const of = (...words: readonly string[]) => renderedAnswer(folder, words, pipe())
  expect(of('cache', 'invalidate', '--help')).toBe(of('cache:invalidate', '--help'))
  expect(of('help', 'cache', 'invalidate')).toBe(of('cache:invalidate', '--help'))
  expect(of('cache:invalidate', '--user', '7', '--help')).toBe(of('cache:invalidate', '--help'))
  expect(of('cache:invalidate', '--help')).toContain('$ honeydue cache:invalidate ')
  expect(of('cache')).toBe(of('cache', '--help'))
  expect(of('help')).toBe(of('--help'))
  for (const words of [[], ['cache', 'bogus', '--help'], ['bogus', '--help'], ['cache:invalidate'], ['cache:status', '--', '--help']])
    expect(of(...words)).toBeUndefined()
  expect(renderedAnswer(folder, ['--help'], terminal(50))).toBeUndefined()
})

test('what answers help imports nothing of ours or of a library', () => {
  const imported = [...readFileSync(join(root, 'dist/answer.js'), 'utf8').matchAll(/from\s*"([^"]+)"|import\("([^"]+)"\)/g)]
  expect(imported.map(([, name]) => name).filter((name) => !name?.startsWith('node:'))).toEqual([])
})

test('the program answers as oclif does, whatever the environment says of colour', async () => {
  const environments = [
    {},
    { NO_COLOR: '1' },
    { FORCE_COLOR: '1' },
    { FORCE_COLOR: '0' },
    { FORCE_COLOR: '3', NO_COLOR: '1' },
    { CI: 'true' },
  ]
  for (const env of environments) {
    // DEBUG leaves the answer to oclif; what it then prints itself goes to standard error.
    const [ours, live] = await Promise.all([
      honeydue(['cache:invalidate', '--help'], { env }),
      honeydue(['cache:invalidate', '--help'], { env: { ...env, DEBUG: 'nothing' } }),
    ])
    expect(ours).toEqual({ ...live, stderr: '' })
    expect(ours.code).toBe(0)
  }
  const [version, live] = await Promise.all([honeydue(['--version']), honeydue(['--version'], { env: { DEBUG: 'nothing' } })])
  expect(version.stdout).toBe(live.stdout)
})

test('an unknown word after a topic is 127, with the nearest command', async () => {
  for (const words of [
    ['cache', 'invalidat'],
    ['cache', 'invalidat', '--help'],
    ['help', 'cache:invalidat'],
  ]) {
    const { code, stdout, stderr } = await honeydue(words)
    expect({ code, stdout }).toEqual({ code: 127, stdout: '' })
    expect(stderr).toContain('honeydue cache:invalidate')
  }
})
