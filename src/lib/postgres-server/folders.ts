import { spawn } from 'node:child_process'
import { chownSync, readFileSync } from 'node:fs'
import { access, constants, readdir, rmdir, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { answers } from '../living-process.ts'
import { foldersOfTheDead, makeOwnFolder } from '../own-folder.ts'
import type { Binaries } from './binaries.ts'

const memory = '/dev/shm'

/** A new folder for one cluster, that only its server's user may enter. Its name says which process it belongs to. */
export const ownFolder = (binaries: Binaries, parent: string): string => {
  const folder = makeOwnFolder(parent, 'honeydue-pg')
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

/** Takes away what processes left that were killed before their server watched over its folder; returns which. Nothing here fails: a later start tries again. */
export const sweep = async (binaries: Binaries): Promise<readonly string[]> => {
  const left = (await leftClusters(binaries.as?.uid ?? process.getuid?.())).filter((folder) => !answers(serverOf(folder)))
  // Killed before it was given to its user: nothing is in it.
  const own = binaries.as ? await leftClusters(process.getuid?.()) : []
  const swept: string[] = []
  for (const folder of [...left, ...own]) {
    // As the server's user: whatever a folder of somebody else's leads to, it is not ours to remove.
    const remove = own.includes(folder) ? rmdir(folder) : run('rm', ['-rf', folder], binaries, dirname(folder))
    const gone = await remove.then(
      () => true,
      () => false,
    )
    if (gone) swept.push(folder)
  }
  return swept
}

/** Folders of clusters whose process has ended: of this user, or of anybody. */
export const leftClusters = (uid: number | undefined): Promise<readonly string[]> =>
  foldersOfTheDead([memory, tmpdir()], 'honeydue-pg', uid)

/** The process of the server that runs in a folder; 0 without one. */
const serverOf = (folder: string): number => {
  try {
    return Number.parseInt(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10) || 0
  } catch {
    return 0
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
