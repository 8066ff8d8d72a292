import { createHash, randomBytes } from 'node:crypto'
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/**
 * All or nothing, and on the disk when it returns: a new file beside it takes its name, and the folder is synced too. A link stays one, what it leads
 * to is replaced; an owner stays the owner where we may say so, and the mode is the one that is asked for, whatever the umask.
 */
export const replaceFile = async (link: string, text: string, mode: number): Promise<void> => {
  const path = await realpath(link).catch(() => link)
  const beside = await besideOf(path)
  try {
    await rm(beside, { force: true })
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
    await rename(beside, path)
    await syncFolder(path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

/**
 * Where the new text stands until it takes the file's name: in the repository's own folder where there is one on the same file system, because
 * what a killed run leaves of a file with secrets is then seen by no `git add`; the next run of the same file clears it.
 */
export const besideOf = async (path: string): Promise<string> => {
  const name = `${basename(path)}.${createHash('sha256').update(path).digest('hex').slice(0, 8)}.honeydue-new`
  const device = (await stat(dirname(path)).catch(() => undefined))?.dev
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const git = await stat(join(folder, '.git')).catch(() => undefined)
    if (git?.isDirectory() && git.dev === device) return join(folder, '.git', name)
    if (git || folder === dirname(folder)) return `${path}.honeydue-new`
  }
}

/** The same for a file that nobody has made yet, in one step with finding that out: false, and nothing is written, where there is one. */
export const createFile = async (path: string, text: string, mode: number): Promise<boolean> => {
  const beside = `${path}.${randomBytes(6).toString('hex')}`
  try {
    await replaceFile(beside, text, mode)
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

/** A rename or removal is on the disk only once its folder is. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
