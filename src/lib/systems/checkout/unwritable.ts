import { access, constants, realpath, stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Room that a replaced file needs beside itself, in bytes: what procedures write is small. */
const room = 1024 * 1024

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error)

/**
 * Why a file could not be replaced or made, as a fact; undefined where it could. A link is judged by where it leads. Asked before anything
 * changes: a checkout that turns out to be read-only after the cluster was changed leaves the two apart.
 */
export const unwritable = async (file: string): Promise<string | undefined> => {
  const path = await realpath(file).catch(() => file)
  const folder = dirname(path)
  try {
    await access(folder, constants.W_OK | constants.X_OK)
  } catch (error) {
    return `nothing can be written in ${folder} (${codeOf(error)})`
  }
  try {
    if ((await stat(path)).isDirectory()) return `${path} is a folder`
    await access(path, constants.W_OK)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return `${path} cannot be written (${codeOf(error)})`
  }
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize < room ? `${folder} has ${Math.floor((bavail * bsize) / 1024)} KiB of room left` : undefined
}
