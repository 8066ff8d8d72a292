import { madeBy } from '../../sql/made.ts'
import { takesAway } from '../../sql/takes-away.ts'
import type { Readers } from '../../systems/systems.ts'
import { type MigrationFacts, tagOf } from './gather-migrations.ts'
import { type MigrationFile, readMigrations } from './goose-file.ts'
import { readStatements } from './statements.ts'

/** An applied statement after which an image that does not know it may fail. */
export interface Obstacle {
  readonly file: string
  /** Its first line or so. */
  readonly text: string
  readonly table: string | undefined
  readonly because: string
}

/** What stands between an image and the schema that is ahead of it. */
export interface Backwards {
  readonly obstacles: readonly Obstacle[]
  /** Applied versions whose file nobody has: what they did is not known. */
  readonly unknown: readonly bigint[]
  /** Versions that only added. */
  readonly additive: readonly bigint[]
}

const migrationsFolder = 'migrations'

/** Judges the applied migrations that the image lacks, by the files that the live image, the last Job's image and the checkout have. */
export const gatherBackwards = async (
  { checkout }: Readers<'checkout'>,
  { state, job, liveImage, checkout: lying }: MigrationFacts,
): Promise<Backwards> => {
  if (state.ahead.length === 0) return { obstacles: [], unknown: [], additive: [] }
  const tags = [...new Set([liveImage, job?.image].flatMap((image) => (image === undefined ? [] : (tagOf(image) ?? []))))]
  const known = await Promise.all(tags.map(async (tag) => readMigrations((await checkout.filesAt(tag, migrationsFolder)) ?? [])))
  const files = new Map<bigint, MigrationFile>()
  for (const file of [...known.flat(), ...lying]) if (!files.has(file.version)) files.set(file.version, file)
  const ahead = state.ahead.flatMap((version) => files.get(version) ?? [])
  const { loadGrammar } = await import('../../sql/grammar.ts')
  const obstacles = obstaclesIn(readStatements(await loadGrammar(), ahead))
  const named = new Set(obstacles.map(({ file }) => file))
  return {
    obstacles,
    unknown: state.ahead.filter((version) => !files.has(version)),
    additive: ahead.filter(({ name }) => !named.has(name)).map(({ version }) => version),
  }
}

const line = (text: string): string => {
  const one = text.replace(/\s+/g, ' ').replace(/;\s*$/, '').trim()
  return one.length > 80 ? `${one.slice(0, 79)}…` : one
}

const obstaclesIn = (sent: ReturnType<typeof readStatements>): readonly Obstacle[] => {
  /** What these files made themselves, no image from before uses. */
  const made = new Set<string>()
  return sent.flatMap(({ file, text, statements, trouble }) => {
    if (trouble !== undefined) return [{ file: file.name, text: line(text), table: undefined, because: trouble }]
    return statements.flatMap(({ node, text: own }) => {
      const taken = takesAway(node)
      for (const name of madeBy(node)) made.add(name)
      return taken === undefined || (taken.table !== undefined && made.has(taken.table))
        ? []
        : [{ file: file.name, text: line(own), ...taken }]
    })
  })
}
