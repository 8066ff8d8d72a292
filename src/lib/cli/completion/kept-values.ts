import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '../../child-environment.ts'
import { stateFolder } from '../../state-folder.ts'
import type { Candidate, Live } from './candidates.ts'

/** What is read of a deployment; runs are read of this machine, each time. */
export type Kept = Omit<Live, 'runs'>

/** From then on what is kept is read anew, by a process of its own: nobody who presses Tab waits for a network. */
const fresh = 30_000
/** What is older is shown no more. */
const oldest = 24 * 3_600_000
/** So long may a reading take before another one is begun. */
const patience = 20_000

const folder = (env: NodeJS.ProcessEnv): string =>
  join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'honeydue', 'completion')

const fileOf = (environment: string, env: NodeJS.ProcessEnv): string => join(folder(env), `${encodeURIComponent(environment)}.json`)

const ageOf = (file: string): number => {
  try {
    return Date.now() - statSync(file).mtimeMs
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** Replaces what is kept of an environment, in one move. Names alone: no value of a Secret. */
export const keepValues = (environment: string, values: Kept, env: NodeJS.ProcessEnv): void => {
  const file = fileOf(environment, env)
  mkdirSync(folder(env), { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(values), { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file)
}

/** What is kept, at once; where it is old or missing, a process begins to read it anew. `program`: what was started as honeydue. */
export const keptValues = (environment: string, env: NodeJS.ProcessEnv, program: string): Live => {
  const file = fileOf(environment, env)
  const age = ageOf(file)
  if (age > fresh) readAnew(environment, env, program)
  const none: Kept = { nodes: [], workloads: [], secrets: [], environments: [] }
  let kept = none
  try {
    if (age <= oldest) kept = { ...none, ...(JSON.parse(readFileSync(file, 'utf8')) as Kept) }
  } catch {
    // Nothing was kept yet, or half of it.
  }
  return { ...kept, runs: runsOf(env) }
}

/** Begins to read, where nobody has just begun. */
export const readAnew = (environment: string, env: NodeJS.ProcessEnv, program: string): void => {
  const mark = `${fileOf(environment, env)}.reading`
  if (ageOf(mark) < patience) return
  try {
    mkdirSync(folder(env), { recursive: true, mode: 0o700 })
    writeFileSync(mark, '', { mode: 0o600 })
    spawn(process.execPath, [program, 'completion', '--refresh', '--env', environment], {
      detached: true,
      stdio: 'ignore',
      env: childEnvironment(),
    }).unref()
  } catch {
    // A full or foreign folder: then nothing live is offered.
  }
}

const shownRuns = 30

const runsOf = (env: NodeJS.ProcessEnv): readonly Candidate[] => {
  try {
    const names = readdirSync(join(stateFolder(env), 'runs')).flatMap((name) => /^(.+)\.jsonl$/.exec(name)?.[1] ?? [])
    const latest = names.sort().reverse().slice(0, shownRuns)
    return latest.length === 0 ? [] : [['last', latest[0] ?? ''], ...latest.map((name) => [name, ''] as const)]
  } catch {
    return []
  }
}
