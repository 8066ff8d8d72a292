import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { GooseFiles } from '../../contract/goose/world.ts'

const goose = '/usr/local/lib/honeydue-real/goose'

export const requireGoose = (): void => {
  if (!existsSync(goose)) throw new Error(`${goose} is missing (goose v3.22.1, built from its Go module). Next: sudo test/real/install.sh`)
}

export interface GooseRun {
  /** What libpq calls a connection string. */
  readonly where: string
  readonly files: GooseFiles
  readonly password?: string | undefined
  /** Kills it as SIGKILL does. */
  readonly signal?: AbortSignal | undefined
  readonly line: (text: string) => void
}

/** `goose up` of goose 3.22.1 itself, with these files in its folder; resolves with its exit code, null where it was killed. */
export const runGoose = async ({ where, files, password, signal, line }: GooseRun): Promise<number | null> => {
  const folder = await mkdtemp(join(tmpdir(), 'honeydue-goose-'))
  try {
    await mkdir(join(folder, 'migrations'))
    await Promise.all(files.map(({ name, sql }) => writeFile(join(folder, 'migrations', name), sql)))
    const child = spawn(goose, ['-dir', 'migrations', 'postgres', where, 'up'], {
      cwd: folder,
      env: { ...process.env, ...(password !== undefined && { PGPASSWORD: password }) },
      stdio: ['ignore', 'pipe', 'pipe'],
      killSignal: 'SIGKILL',
      signal,
    })
    // Told of the kill that was asked for.
    child.on('error', () => {})
    for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', line)
    return await new Promise((resolve) => child.once('close', resolve))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
