import { randomBytes } from 'node:crypto'
import { link, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * All or nothing, and on the disk when it returns: a new file beside it takes its name, and the folder is synced too. A link stays one, what it leads
 * to is replaced; an owner stays the owner where we may say so, and the mode is the one that is asked for, whatever the umask.
 */
export const replaceFile = async (link: string, text: string, mode: number): Promise<void> => {
  const path = await realpath(link).catch(() => link)
  const beside = `${path}.honeydue-new`
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
