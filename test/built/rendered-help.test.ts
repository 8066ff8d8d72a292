import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { brotliDecompressSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'
import { type HelpIndex, renderedAnswer, type Showing } from '../../src/lib/cli/rendered-help.ts'
import { honeydue, requireBuild, root } from '../support/program.ts'

beforeAll(requireBuild)

const folder = join(root, 'dist/help')
const index = () => JSON.parse(brotliDecompressSync(readFileSync(join(folder, 'index.json.br'))).toString()) as HelpIndex
const terminal = (columns: number, env: NodeJS.ProcessEnv = { TERM: 'xterm-256color' }): Showing => ({
  env,
  stdout: { isTTY: true, columns },
  stderr: { isTTY: true },
})
const pipe = (env: NodeJS.ProcessEnv = {}): Showing => ({ env, stdout: {}, stderr: {} })

const widths = [60, 72, 80, 81, 133, 1000]

/** What our help class prints through oclif for each command line at each width. A process of its own: what colours decides that once, when it is loaded. */
const live = async (lines: readonly (readonly string[])[]): Promise<readonly (readonly string[])[]> => {
  const program = `
    import { Config, loadHelpClass } from '@oclif/core'
    const [root, lines, widths] = JSON.parse(process.argv[1])
    const config = await Config.load({ root })
    const Help = await loadHelpClass(config)
    class Written extends Help {
      lines = []
      log(...args) { this.lines.push(args.join(' ')) }
    }
    const help = async (words, maxWidth) => {
      const written = new Written(config, { maxWidth })
      await written.showHelp([...words])
      return written.lines.join('\\n') + '\\n'
    }
    const all = []
    for (const words of lines) all.push(await Promise.all(widths.map((width) => help(words, width))))
    console.log(JSON.stringify(all))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', program, JSON.stringify([root, lines, widths])],
    { cwd: root, env: { PATH: process.env['PATH'], FORCE_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 },
  )
  return JSON.parse(stdout) as string[][]
}

test('every help is what oclif prints by our help class, at every kind of width, coloured and plain', async () => {
  const { topics, commands } = index()
  const lines = ['', ...topics, ...commands].map((id) => (id ? [id, '--help'] : ['--help']))
  expect(lines.length).toBeGreaterThan(10)
  const texts = await live(lines)
  for (const [i, words] of lines.entries()) {
    for (const [j, columns] of widths.entries()) {
      const text = texts[i]?.[j] ?? ''
      expect(renderedAnswer(folder, words, terminal(columns))).toBe(text)
      expect(renderedAnswer(folder, words, terminal(columns, { NO_COLOR: '1' }))).toBe(stripVTControlCharacters(text))
      if (columns === 80) expect(renderedAnswer(folder, words, pipe())).toBe(stripVTControlCharacters(text))
    }
  }
}, 120_000)

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
  const importedBy = (file: string) => [
    ...readFileSync(join(root, 'dist', file), 'utf8').matchAll(
      /\b(?:import|export)\b[^"'`;()]*\bfrom\s*"([^"]+)"|\bimport\s*\(?"([^"]+)"/g,
    ),
  ]
  expect(importedBy('run.js').length).toBeGreaterThan(0)
  const imported = importedBy('answer.js')
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
