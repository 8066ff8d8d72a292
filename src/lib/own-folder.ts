import { mkdtempSync } from 'node:fs'
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { hasEnded, markPattern, ownMark } from './living-process.ts'

/** What such folders are for, as they begin: PostgreSQL's cluster, connections of OpenSSH, psql's authorities, a key that is looked up. */
export type FolderKind = 'honeydue-pg' | 'hd' | 'honeydue-psql' | 'honeydue-key'

/** A new folder for this process alone. Its name says whose it is, so that it is known when nobody is left who takes it away. */
export const makeOwnFolder = (parent: string, kind: FolderKind): string => mkdtempSync(join(parent, `${kind}-${ownMark()}-`))

const growing = new RegExp(`\\.${markPattern}-\\w{6}$`)

/** A new folder beside `path` that is to take its name when it is whole. What killed processes left half made of such, of any name, goes first. */
export const makeBeside = async (path: string): Promise<string> => {
  const parent = dirname(path)
  const left = (await readdir(parent)).filter((name) => hasEnded(growing.exec(name)?.[1] ?? ''))
  for (const name of left) await rm(join(parent, name), { recursive: true, force: true }).catch(() => {})
  return mkdtemp(`${path}.${ownMark()}-`)
}

/** More than this is not looked through at once: the next start goes on. */
const most = 200

/** Folders of this kind whose process has ended, and that belong to the user of this number; to anybody without one. Nothing here fails: what cannot be looked at is not ours. */
export const foldersOfTheDead = async (
  parents: readonly string[],
  kind: FolderKind,
  uid: number | undefined,
): Promise<readonly string[]> => {
  const pattern = new RegExp(`^${kind}-${markPattern}-\\w{6}$`)
  const found = await Promise.all(
    [...new Set(parents)].map(async (parent) => {
      const names = await readdir(parent).catch(() => [])
      const dead = names.filter((name) => hasEnded(pattern.exec(name)?.[1] ?? '')).slice(0, most)
      const folders = await Promise.all(
        dead.map(async (name) => {
          const one = await lstat(join(parent, name)).catch(() => undefined)
          return one?.isDirectory() && (uid === undefined || one.uid === uid) ? [join(parent, name)] : []
        }),
      )
      return folders.flat()
    }),
  )
  return found.flat()
}
