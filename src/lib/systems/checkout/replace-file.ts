import { createHash } from 'node:crypto'
import { link, open, readdir, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hasEnded, markPattern, ownMark } from '../../living-process.ts'

/**
 * All or nothing, and on the disk when it returns: a new file beside it takes its name, and the folder is synced too. A link stays one, what it leads
 * to is replaced; an owner stays the owner where we may say so, and the mode is the one that is asked for, whatever the umask.
 */
export const replaceFile = async (link: string, text: string, mode: number): Promise<void> => {
  const path = await realpath(link).catch(() => link)
  const beside = await written(path, text, mode)
  try {
    await rename(beside, path)
    await syncFolder(path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/** The same for a file that nobody has made yet, in one step with finding that out: false, and nothing is written, where there is one. */
export const createFile = async (path: string, text: string, mode: number): Promise<boolean> => {
  const beside = await written(path, text, mode)
  try {
    await link(beside, path)
    await syncFolder(path)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(beside, { force: true })
  }
}

/** The text on the disk, under a name of its own. */
const written = async (path: string, text: string, mode: number): Promise<string> => {
  const beside = await besideOf(path)
  try {
    const [file, before] = [await open(beside, 'wx', 0o600), await stat(path).catch(() => undefined)]
    try {
      if (before && (before.uid !== process.getuid?.() || before.gid !== process.getgid?.()))
        await file.chown(before.uid, before.gid).catch(() => {})
      await file.chmod(mode)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    return beside
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

let count = 0

/**
 * Where the new text stands until it takes the file's name: in the repository's own folder where there is one on the same file system, because
 * what a killed run leaves of a file with secrets is then seen by no `git add`. Its name says which process it belongs to.
 */
export const besideOf = async (path: string): Promise<string> => {
  const { folder, name } = await placeBeside(path)
  count += 1
  return join(folder, `${name}.${ownMark()}-${count}.honeydue-new`)
}

const placeBeside = async (path: string): Promise<{ readonly folder: string; readonly name: string }> => {
  const device = (await stat(dirname(path)).catch(() => undefined))?.dev
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const git = await stat(join(folder, '.git')).catch(() => undefined)
    if (git?.isDirectory() && git.dev === device)
      return { folder: join(folder, '.git'), name: `${basename(path)}.${createHash('sha256').update(path).digest('hex').slice(0, 8)}` }
    if (git || folder === dirname(folder)) return { folder: dirname(path), name: basename(path) }
  }
}

/** Takes away new texts of this file whose process was killed before they took its name; returns how many there were. */
export const sweepBeside = async (link: string): Promise<number> => {
  const { folder, name } = await placeBeside(await realpath(link).catch(() => link))
  const pattern = new RegExp(`^${markPattern}-\\d+\\.honeydue-new$`)
  const left = (await readdir(folder).catch(() => [])).filter(
    (one) => one.startsWith(`${name}.`) && hasEnded(pattern.exec(one.slice(name.length + 1))?.[1] ?? ''),
  )
  for (const one of left) await rm(join(folder, one), { force: true }).catch(() => {})
  return left.length
}

/** A rename or removal is on the disk only once its folder is. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
