import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { shortAge } from '../age.ts'
import { drills } from './index.ts'
import { seeded } from './seeded.ts'
import type { DrillOptions } from './start.ts'

/** How one drill of an exam ended. Seconds; undefined where honeydue made no change, or nothing was repaired. */
export interface Score {
  readonly name: string
  readonly passed: boolean
  readonly seen?: number | undefined
  readonly decided?: number | undefined
  readonly repaired?: number | undefined
  readonly lost: number
  readonly hints: number
  /** How many changes were made, and by how many people. */
  readonly changes: number
  readonly operators: number
}

/** An exam under way: which drills, in which order, and how those that are over ended. */
export interface Exam {
  readonly seed: number
  readonly falseTrail: boolean
  readonly speed: number
  readonly names: readonly string[]
  readonly scores: readonly Score[]
}

const fileOf = (state: string): string => join(state, 'exam.json')

/** So many drills, no one twice, as the seed shuffles them. */
export const newExam = (count: number, options: DrillOptions): Exam => {
  const random = seeded(options.seed)
  const names = Object.keys(drills)
    .map((name) => ({ name, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ name }) => name)
  return { ...options, names: names.slice(0, count), scores: [] }
}

/** The exam that is under way; undefined where none is. */
export const readExam = async (state: string): Promise<Exam | undefined> => {
  const text = await readFile(fileOf(state), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Exam)
}

/** Keeps it; one that is over is forgotten. */
export const keepExam = async (state: string, exam: Exam): Promise<void> => {
  if (exam.scores.length >= exam.names.length) return rm(fileOf(state), { force: true })
  await mkdir(state, { recursive: true, mode: 0o700 })
  await writeFile(fileOf(state), JSON.stringify(exam), { mode: 0o600 })
}

/** The columns and rows of the score card. */
export const cardOf = ({ scores }: Exam) => ({
  columns: ['drill', 'repaired', 'seen', 'first change', 'lost', 'hints', 'changes'],
  rows: scores.map(({ name, passed, seen, decided, repaired, lost, hints, changes, operators }) => [
    name,
    passed ? (repaired === undefined ? 'yes' : `after ${shortAge(repaired)}`) : 'no',
    seen === undefined ? 'no' : `after ${shortAge(seen)}`,
    decided === undefined ? 'none' : `after ${shortAge(decided)}`,
    String(lost),
    String(hints),
    operators > 1 ? `${changes} of ${operators}` : String(changes),
  ]),
})
