import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename } from 'node:path'
import { counted } from '../counted.ts'
import { planOf } from '../journal/how-far.ts'
import { type JournaledRun, readRuns } from '../journal/read-journal.ts'
import { whoAmI } from '../journal/who.ts'
import { type FolderKind, foldersOfTheDead } from '../own-folder.ts'
import { sweepBeside } from '../systems/checkout/replace-file.ts'
import { shown } from './shown.ts'

/** Of so many interrupted runs, the latest, it is looked what they left. */
const most = 50

const kinds: readonly (readonly [kind: FolderKind, called: string])[] = [
  ['hd', 'folder of SSH connections'],
  ['honeydue-psql', 'folder of psql'],
  ['honeydue-key', 'folder of a host key'],
]

/**
 * Takes away what programs of this machine left that were killed: new texts of files that interrupted runs were to write, private PostgreSQLs, folders
 * of connections. Says so in one line. What a living process has, and what no name tells to be ours, stays.
 */
export const sweepAfterDead = async (state: string, say: (text: string) => void): Promise<void> => {
  const runs = await readRuns(state, whoAmI(process.env).host)
  const swept = (await Promise.all([newTexts(runs), clusters(), ...kinds.map(folders)])).flat()
  if (swept.length > 0) say(`Left by a program that was killed, and cleaned up now: ${shown(swept.join(', '))}`)
}

const newTexts = async (runs: readonly JournaledRun[]): Promise<readonly string[]> => {
  const interrupted = runs.filter(({ status }) => status === 'interrupted').slice(0, most)
  // A run that takes another one back writes the same files.
  const plans = interrupted.flatMap((run) => [run, ...runs.filter((one) => one.run === run.header.undoes)]).map(planOf)
  const files = new Set(plans.flatMap(({ steps }) => steps.flatMap(({ writes }) => writes.flatMap((write) => write.files ?? []))))
  const swept = await Promise.all(
    [...files].map(async (file) => {
      const count = await sweepBeside(file).catch(() => 0)
      return count === 0 ? [] : [`${counted(count, 'new text')} of ${basename(file)}`]
    }),
  )
  return swept.flat()
}

/** The binaries are looked for only where something is left: its server ran as another user, where this one is root. */
const clusters = async (): Promise<readonly string[]> => {
  const { leftClusters, sweep } = await import('../postgres-server/folders.ts')
  if ((await leftClusters(undefined)).length === 0) return []
  const { findBinaries } = await import('../postgres-server/binaries.ts')
  const swept = await findBinaries().then(sweep, () => [])
  return swept.length === 0 ? [] : [counted(swept.length, 'private PostgreSQL')]
}

const folders = async ([kind, called]: (typeof kinds)[number]): Promise<readonly string[]> => {
  const found = await foldersOfTheDead([tmpdir(), '/tmp'], kind, process.getuid?.())
  for (const folder of found) await rm(folder, { recursive: true, force: true }).catch(() => {})
  return found.length === 0 ? [] : [counted(found.length, called)]
}
