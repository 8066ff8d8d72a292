import { spawn } from 'node:child_process'
import { chownSync, readFileSync } from 'node:fs'
import { access, constants, lstat, mkdtemp, readdir, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Binaries } from './binaries.ts'

const memory = '/dev/shm'

/** A new folder for one cluster, that only its server's user may enter. Its name says which process it belongs to. */
export const ownFolder = async (binaries: Binaries, parent: string): Promise<string> => {
  const folder = await mkdtemp(join(parent, `honeydue-pg-${process.pid}-${bornAt(process.pid) ?? 0}-`))
  if (binaries.as) chownSync(folder, binaries.as.uid, binaries.as.gid)
  return folder
}

/** Linux's memory file system where it has room (a thousand small files take 0.1 s there, and up to 1 s on a disk), else the temporary folder. */
export const roomiest = async (): Promise<string> => {
  const room = await statfs(memory).catch(() => undefined)
  if (process.platform !== 'linux' || !room || room.bavail * room.bsize < 512 * 1024 * 1024) return tmpdir()
  return access(memory, constants.W_OK | constants.X_OK).then(
    () => memory,
    () => tmpdir(),
  )
}

/** Takes away what processes left that were killed before their server watched over its folder. Nothing here fails: a later start tries again. */
export const sweep = async (binaries: Binaries): Promise<void> => {
  for (const parent of new Set([memory, tmpdir()])) {
    for (const name of await readdir(parent).catch(() => [])) {
      const folder = join(parent, name)
      if (!(await isLeft(binaries, folder, name).catch(() => false))) continue
      // As the server's user: whatever a folder of somebody else's leads to, it is not ours to remove.
      await run('rm', ['-rf', folder], binaries, parent).catch(() => {})
    }
  }
}

const isLeft = async (binaries: Binaries, folder: string, name: string): Promise<boolean> => {
  const [, pid, born] = /^honeydue-pg-(\d+)-(\d+)-\w{6}$/.exec(name) ?? []
  if (pid === undefined) return false
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== (binaries.as?.uid ?? process.getuid?.() ?? found.uid)) return false
  if (lives(Number(pid)) && (born === '0' || bornAt(Number(pid)) === born)) return false
  return !lives(serverOf(folder))
}

/** The process of the server that runs in a folder; 0 without one. */
const serverOf = (folder: string): number => {
  try {
    return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10) || 0
  } catch {
    return 0
  }
}

const lives = (pid: number): boolean => {
  if (pid === 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** When a process began, in the kernel's ticks: with its number it names it for good. Undefined where there is no /proc. */
const bornAt = (pid: number): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')[19]
  } catch {
    return undefined
  }
}

/** Runs a program as the server's user; rejects with what it said. */
export const run = (command: string, args: readonly string[], binaries: Binaries, cwd: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
      ...binaries.as,
    })
    let said = ''
    child.stderr.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-2000)
    })
    child.once('error', reject)
    child.once('close', async (code) => {
      if (code === 0) return resolve()
      const left = await readdir(cwd).catch(() => [])
      reject(new Error(`${command} ended with ${code}: ${said.trim().slice(-500)} (in ${cwd}: ${left.slice(0, 20).join(', ')})`))
    })
  })
