import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, sep } from 'node:path'

export interface FileContent {
  readonly content: string | Buffer
  readonly mode?: number
}

/**
 * Brings a folder to exactly these files (by path relative to it) and these empty folders. What is so already is only read: a
 * reset between two tests mostly finds that nothing has changed, and reading costs a tenth of removing and writing.
 */
export function makeExactly(root: string, files: ReadonlyMap<string, FileContent>, emptyFolders: readonly string[] = []): void {
  const folders = new Set(emptyFolders.flatMap((folder) => ancestorsOf(join(folder, 'x'))))
  for (const file of files.keys()) for (const folder of ancestorsOf(file)) folders.add(folder)

  const present = new Set<string>()
  const prune = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      const wanted = entry.isDirectory() ? folders.has(path) : entry.isFile() && files.has(path)
      if (!wanted) rmSync(join(root, path), { recursive: true, force: true })
      else if (entry.isDirectory()) prune(path)
      else present.add(path)
    }
  }
  mkdirSync(root, { recursive: true })
  prune('')
  for (const folder of emptyFolders) mkdirSync(join(root, folder), { recursive: true })
  for (const [path, wanted] of files) {
    const place = join(root, path)
    if (!present.has(path)) mkdirSync(dirname(place), { recursive: true })
    writeExactly(place, wanted, present.has(path))
  }
}

/** Brings one file to this content and these rights; what is so already is only read. */
export function writeExactly(place: string, { content, mode }: FileContent, present = existsSync(place)): void {
  if (present) {
    const right = mode === undefined || (statSync(place).mode & 0o777) === mode
    if (right && readFileSync(place).equals(typeof content === 'string' ? Buffer.from(content) : content)) return
    // Rights are given to a new file only.
    rmSync(place)
  }
  writeFileSync(place, content, mode === undefined ? {} : { mode })
}

/** The folders above a path, without the root. */
function ancestorsOf(path: string): string[] {
  const parts = path.split(sep).slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join(sep))
}
