import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { birthOf, lives } from '../living-process.ts'
import { stateFolder } from '../state-folder.ts'

export { birthOf, lives } from '../living-process.ts'

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
