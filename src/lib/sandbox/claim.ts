import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { birthOf, lives } from './running.ts'

/** A process, as it can be told from a later one with the same number. */
export interface Holder {
  readonly pid: number
  readonly born: string
}

const lockOf = (dir: string): string => join(dir, 'sandbox.lock')

/** The living process whose folder this is, whether its sandbox answers yet or not. */
export async function holderOf(dir: string): Promise<Holder | undefined> {
  return read(lockOf(dir))
}

/** Makes the folder this process' own; another one that lives and has it is returned instead. `release` gives it back. */
export async function claim(dir: string): Promise<{ readonly release: () => Promise<void> } | { readonly holder: Holder }> {
  const lock = lockOf(dir)
  const mine = `${lock}.${process.pid}`
  await writeFile(mine, JSON.stringify({ pid: process.pid, born: birthOf(process.pid) }), { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      // A link is made once or not at all, and never half written.
      const made = await link(mine, lock).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'EEXIST') return false
          throw error
        },
      )
      if (made) return { release: () => rm(lock, { force: true }) }
      const holder = await read(lock)
      if (holder) return { holder }
      await takeAway(lock, `${mine}.old`)
    }
    throw new Error(`${lock} comes and goes`)
  } finally {
    await rm(mine, { force: true })
  }
}

/** Removes what a crashed process left. One that another process has made meanwhile is put back. */
const takeAway = async (lock: string, aside: string): Promise<void> => {
  const moved = await rename(lock, aside).then(
    () => true,
    () => false,
  )
  if (!moved) return
  if (await read(aside)) await link(aside, lock).catch(() => {})
  await rm(aside, { force: true })
}

const read = async (file: string): Promise<Holder | undefined> => {
  try {
    const { pid, born } = JSON.parse(await readFile(file, 'utf8')) as Partial<Holder>
    return typeof pid === 'number' && typeof born === 'string' && lives({ pid, born }) ? { pid, born } : undefined
  } catch {
    return undefined
  }
}
