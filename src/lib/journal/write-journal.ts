import { randomInt } from 'node:crypto'
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import { Blocked, Failed, reasonOf } from '../errors.ts'
import { scrubbed } from '../secret.ts'
import type { Entry, Header, Said } from './entries.ts'

/** The write-ahead record of one run. */
export interface Journal {
  readonly run: string
  /** Returns when the line is on the disk. Throws Failed (`journal-write`) where it cannot be brought there. */
  readonly write: (said: Said) => Promise<void>
  readonly close: () => Promise<void>
  /** Nothing was begun: nothing is to be remembered. */
  readonly forget: () => Promise<void>
}

const letters = 'abcdefghjkmnpqrstvwxyz23456789'

/** Sorted by time, short enough to be typed: `20261129-0941-k3f9`. */
export const newRunId = (now: Date): string => {
  const at = now.toISOString().replace(/[-:]/g, '')
  const some = Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
  return `${at.slice(0, 8)}-${at.slice(9, 13)}-${some}`
}

export const journalsOf = (state: string): string => join(state, 'runs')

/** Opens the journal of a new run and brings its plan to the disk. Throws Blocked where that cannot be done: nothing has been changed yet. */
export const openJournal = async (state: string, header: Omit<Header, 'type' | 'version'>, clock: Clock): Promise<Journal> => {
  const folder = journalsOf(state)
  const file = join(folder, `${header.run}.jsonl`)
  let opened: FileHandle | undefined
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const handle = await open(file, 'wx', 0o600)
    opened = handle
    const journal = journalOn(handle, file, header.run, clock)
    await journal.write({ type: 'plan', version: 1, ...header })
    await syncFolder(folder)
    return journal
  } catch (error) {
    await opened?.close().catch(() => {})
    if (opened) await rm(file, { force: true }).catch(() => {})
    throw unwritable(folder, error)
  }
}

const journalOn = (handle: FileHandle, file: string, run: string, clock: Clock): Journal => {
  let last: Promise<void> = Promise.resolve()
  const append = async (said: Said) => {
    const entry: Entry = { at: clock.now().toISOString(), ...said }
    try {
      await handle.appendFile(`${JSON.stringify(entry, (_, value: unknown) => (typeof value === 'string' ? scrubbed(value) : value))}\n`)
      await handle.datasync()
    } catch (error) {
      throw new Failed({
        code: 'journal-write',
        failed: `The journal of this run cannot be written any more: ${reasonOf(error)}`,
        cause: `${file} is on a disk that is full, read-only or gone`,
      })
    }
  }
  return {
    run,
    // One line after the other, also where two are told at once; a failed one is its caller's to tell.
    write: (said) => {
      const written = last.then(() => append(said))
      last = written.catch(() => {})
      return written
    },
    close: async () => {
      await last
      await handle.close()
    },
    forget: async () => {
      await last
      await handle.close()
      await rm(file, { force: true })
    },
  }
}

/** The name of a new file is on the disk only when its folder is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  await handle.sync().finally(() => handle.close())
}

const unwritable = (folder: string, error: unknown): Blocked =>
  new Blocked(
    {
      code: 'journal-unwritable',
      failed: `No journal can be written in ${folder}, and without one an interrupted run cannot be told`,
      cause: reasonOf(error instanceof Failed ? (error.failed.split(': ').at(-1) ?? error) : error),
      next: 'make room there, or name another folder: XDG_STATE_HOME=/dev/shm honeydue …',
    },
    { cause: error },
  )

/** Adds a line to the journal of a run that may have ended. */
export const noteIn = async (state: string, run: string, note: Said, clock: Clock): Promise<void> => {
  const file = join(journalsOf(state), `${run}.jsonl`)
  const journal = journalOn(await open(file, 'a', 0o600), file, run, clock)
  await journal.write(note).finally(() => journal.close())
}

export const removeJournal = (state: string, run: string): Promise<void> => rm(join(journalsOf(state), `${run}.jsonl`), { force: true })
