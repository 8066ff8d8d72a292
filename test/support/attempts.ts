import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './program.ts'

export interface Ended {
  readonly code: number | null
  /** By a signal that cannot be caught, and not for being late. */
  readonly killed: boolean
  /** Ended because it no longer came on: it says nothing of the program where the machine is busy with something else. */
  readonly late: boolean
  readonly said: string
}

export interface Child {
  readonly process: ChildProcess
  readonly ended: Promise<Ended>
}

export interface JournalLine {
  readonly type: string
  readonly at: string
  readonly step?: number
  readonly lease?: { readonly epoch?: number }
}

interface Journal {
  readonly name: string
  readonly text: string
  /** The whole ones: the last line of a run that was killed may be half of one. */
  readonly lines: readonly JournalLine[]
}

/** How a run that was disturbed may end: done all the same, or with a word that says what is; never by a bug. */
export const honest: readonly (number | null)[] = [0, 3, 4, 5, 7, 8, 9]

/** A number of 0 up to 1 that a word always gives, and others do not. */
const shareOf = (word: string): number => ([...word].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) * 0.618034) % 1

/** So many of them, as far from each other; of each word other ones. */
export const spreadOver = <T>(all: readonly T[], most: number, word: string): readonly T[] =>
  all.length <= most ? all : Array.from({ length: most }, (_, i) => all[Math.floor(((i + shareOf(word)) * all.length) / most)] as T)

/** How long a program may neither say nor journal anything, and how long it may take in all: on a busy machine, one that comes on is slow and not stuck. */
const patience = { silent: 120_000, whole: 900_000, look: 1000 }

/** Ends it once it has not come on for too long; returns whether it was ended so. Time that this process itself was not given does not count. */
const endStuck = (child: ChildProcess, progress: () => number): (() => boolean) => {
  let late = false
  let [seen, silent, whole] = [progress(), 0, 0]
  let looked = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    const passed = Math.min(now - looked, 2 * patience.look)
    looked = now
    const here = progress()
    silent = here === seen ? silent + passed : 0
    seen = here
    whole += passed
    if (silent < patience.silent && whole < patience.whole) return
    late = true
    child.kill('SIGKILL')
  }, patience.look)
  child.once('close', () => clearInterval(timer))
  return () => late
}

/** How much stands in all journals below `state`. */
const journaled = (state: string): number => {
  try {
    const folder = journalFolder(state)
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  } catch {
    return 0
  }
}

/** The built program, its journals below `state`; ended by force where it is stuck. */
export const startProgram = (words: readonly string[], state: string, env: NodeJS.ProcessEnv = {}): Child => {
  const child = spawn(process.execPath, [join(root, 'bin/run.js'), ...words], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', XDG_STATE_HOME: state, NODE_DISABLE_COMPILE_CACHE: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const isLate = endStuck(child, () => said.length + journaled(state))
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, killed: signal === 'SIGKILL' && !isLate(), late: isLate(), said })),
  )
  return { process: child, ended }
}

/** Where the program keeps its journals. */
export const journalFolder = (state: string): string => join(state, 'honeydue/runs')

/** Every journal of a state folder, in the order of their names. */
export const journalsIn = (state: string): readonly Journal[] => {
  let names: readonly string[] = []
  try {
    names = readdirSync(journalFolder(state)).sort()
  } catch {
    return []
  }
  return names.map((name) => {
    const text = readFileSync(join(journalFolder(state), name), 'utf8')
    const lines = text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as JournalLine)
    return { name, text, lines }
  })
}

/** From its first change to its end, of each run that changed something. */
export const spansOf = (journals: readonly Journal[]): readonly (readonly [string, string])[] =>
  journals
    .map(({ lines }) => [lines.find(({ type }) => type === 'begin')?.at ?? '', lines.at(-1)?.at ?? ''] as const)
    .filter(([begin]) => begin !== '')
    .sort(([one], [other]) => one.localeCompare(other))

/** Whether two of them were at work at once. */
export const overlap = (spans: readonly (readonly [string, string])[]): boolean =>
  spans.some(([, end], i, all) => end > (all[i + 1]?.[0] ?? '9'))
