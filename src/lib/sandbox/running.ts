import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stateFolder } from '../state-folder.ts'

/** A sandbox of `sandbox:up`, as its process describes itself while it lives. */
export interface RunningSandbox {
  readonly pid: number
  /** When the process began, in its system's own words: a pid alone may belong to another process by now. */
  readonly born: string
  readonly dir: string
  /** The file that `--env` takes. */
  readonly environment: string
  /** RFC 3339. */
  readonly since: string
}

/** The sandbox that answers to `--env sandbox`: of those that run, the youngest. */
export const findRunningSandbox = (env: NodeJS.ProcessEnv = process.env): RunningSandbox | undefined =>
  readAll(env)
    .filter(lives)
    .sort((one, other) => one.since.localeCompare(other.since))
    .at(-1)

/** The sandbox that runs for this folder, if one does. */
export function runningIn(dir: string): RunningSandbox | undefined {
  const found = read(join(dir, 'sandbox.json'))
  return found && resolve(found.dir) === resolve(dir) && lives(found) ? found : undefined
}

/** Says that this process is the sandbox of `dir`; the returned function takes it back. Marks that crashed sandboxes left are removed. */
export function announce(dir: string, environment: string, env: NodeJS.ProcessEnv = process.env): () => void {
  const folder = pointers(env)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const name of names(folder)) {
    const one = read(join(folder, name))
    if (!one || !lives(one)) rmSync(join(folder, name), { force: true })
  }
  const text = JSON.stringify({
    pid: process.pid,
    born: birthOf(process.pid),
    dir: resolve(dir),
    environment,
    since: new Date().toISOString(),
  })
  const files = [join(folder, `${process.pid}.json`), join(dir, 'sandbox.json')]
  for (const file of files) {
    // Renamed into place: whoever polls for it never reads half of it.
    writeFileSync(`${file}.new`, text, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return () => {
    for (const file of files) rmSync(file, { force: true })
  }
}

/** Whether the process that wrote this still runs. */
export const lives = ({ pid, born }: Pick<RunningSandbox, 'pid' | 'born'>): boolean => born !== '' && birthOf(pid) === born

/** When a process began; '' when there is none. */
export function birthOf(pid: number): string {
  try {
    // After the command's name, which may hold spaces and parentheses, the start time is the 20th field; a zombie has ended.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? '' : (fields[19] ?? '')
  } catch {
    if (process.platform === 'linux') return ''
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 2000,
    }).trim()
  } catch {
    return ''
  }
}

const pointers = (env: NodeJS.ProcessEnv): string => join(stateFolder(env), 'sandboxes')

const readAll = (env: NodeJS.ProcessEnv): RunningSandbox[] => names(pointers(env)).flatMap((name) => read(join(pointers(env), name)) ?? [])

function names(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
}

function read(file: string): RunningSandbox | undefined {
  try {
    const found = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunningSandbox>
    const { pid, born, dir, environment, since } = found
    if (typeof pid !== 'number' || !born || !dir || !environment || !since) return undefined
    return { pid, born, dir, environment, since }
  } catch {
    return undefined
  }
}
