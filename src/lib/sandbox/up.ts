import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Blocked, Failed } from '../errors.ts'
import { findBinaries } from '../postgres-server/binaries.ts'
import { claim, holderOf } from './claim.ts'
import { clearFolder, markFolder, ownFolder } from './folder.ts'
import { announce, type RunningSandbox, runningIn } from './running.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from './sandbox.ts'

/** It runs; or the folder cannot be a sandbox's, because; or it did not start, and said this. */
export type Up =
  | { readonly running: RunningSandbox; readonly already: boolean }
  | { readonly foreign: string }
  | { readonly failed: string }

/** What may be said of a sandbox that is started by itself. */
type UpOptions = { readonly postgres: boolean } & Pick<SandboxOptions, 'delay' | 'speed'>

/** What runs, or throws what an operator is told where it does not: Blocked (`sandbox-foreign-folder`), Failed (`sandbox-not-started`). `again`: the command to type with another folder. */
export const ranOr = (up: Up, dir: string, again: string): Extract<Up, { readonly running: RunningSandbox }> => {
  if ('foreign' in up)
    throw new Blocked({
      code: 'sandbox-foreign-folder',
      failed: `${dir} cannot be a sandbox's folder`,
      state: 'Nothing was written.',
      cause: up.foreign,
      next: `honeydue ${again} --dir, and an empty folder`,
    })
  if ('failed' in up)
    throw new Failed({
      code: 'sandbox-not-started',
      failed: 'The sandbox did not start',
      state: 'Nothing of it is left running.',
      cause: 'Its log ends with what stands above',
      next: 'honeydue doctor',
      details: up.failed.split('\n'),
    })
  return up
}

/** Runs a sandbox in this process until the signal; `answering` is called when everything answers. Another one of the same folder is waited for instead. */
export async function runSandbox(
  dir: string,
  options: UpOptions,
  signal: AbortSignal,
  answering: (sandbox: Sandbox) => void,
): Promise<Up | undefined> {
  const foreign = await ownFolder(dir)
  if (foreign) return { foreign }
  for (let waited = 0; waited < 60_000; waited += 25) {
    const claimed = await claim(dir)
    if ('release' in claimed) return run(dir, options, signal, answering).finally(claimed.release)
    const running = runningIn(dir)
    if (running) return { running, already: true }
    await sleep(25)
  }
  return { failed: `Another process has ${dir} and does not answer` }
}

const run = async (dir: string, options: UpOptions, signal: AbortSignal, answering: (sandbox: Sandbox) => void): Promise<undefined> => {
  await markFolder(dir)
  const sandbox = await startSandbox({ dir, jobs: true, ...options })
  const leave = announce(dir, join(dir, 'environment.yaml'))
  try {
    answering(sandbox)
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    leave()
    await sandbox.stop()
    await clearFolder(dir)
  }
  return undefined
}

/** Starts this program once more with `args`, on its own, its words in `DIR/sandbox.log`, and returns when its sandbox answers. */
export async function startDetached(dir: string, args: readonly string[]): Promise<Up> {
  // What is not installed is told by itself, not out of the log of a process that ended.
  if (!args.includes('--no-postgres')) await findBinaries()
  const already = runningIn(dir)
  if (already) return { running: already, already: true }
  const foreign = await ownFolder(dir)
  if (foreign) return { foreign }
  const file = join(dir, 'sandbox.log')
  if (!(await holderOf(dir))) await rm(file, { force: true })
  const log = openSync(file, 'a', 0o600)
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? '', ...args], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const ended = once(child, 'exit').catch(() => undefined)
  for (let waited = 0; waited < 60_000; waited += 25) {
    const running = runningIn(dir)
    if (running && running.pid === child.pid) {
      child.unref()
      return { running, already: false }
    }
    if (running) {
      // Another one was quicker: ours must not begin when that one is taken down before ours has looked.
      child.kill('SIGKILL')
      await ended
      await rm(join(dir, `sandbox.lock.${child.pid}`), { force: true })
      return { running, already: true }
    }
    if (await Promise.race([ended.then(() => true), sleep(25, false)])) break
  }
  child.kill()
  await ended
  // Ours ended because it saw another one before we did.
  const another = runningIn(dir)
  if (another && another.pid !== child.pid) return { running: another, already: true }
  const said = await readFile(file, 'utf8').catch(() => '')
  return { failed: said.trim() || 'it said nothing' }
}
