import { randomBytes } from 'node:crypto'
import { link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** All or nothing, and on the disk when it returns: a new file beside it takes its name, and the folder is synced too. */
export const replaceFile = async (path: string, text: string, mode: number): Promise<void> => {
  const beside = `${path}.honeydue-new`
  try {
    await rm(beside, { force: true })
    const file = await open(beside, 'wx', mode)
    try {
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
