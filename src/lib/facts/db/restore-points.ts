import { minutes } from '../../clock.ts'
import { markedVersion } from '../../restore-point-name.ts'
import type { NeonBranch, NeonReader } from '../../systems/neon/types.ts'
import { secondsSince } from '../ages.ts'

/** A branch at Neon that holds the database as it was before something. */
export interface RestorePoint extends NeonBranch {
  /** goose's version when it was made. */
  readonly version: bigint
}

/** The restore points of a branch, the youngest first. */
export const restorePoints = (branches: readonly NeonBranch[], parent: string): readonly RestorePoint[] =>
  branches
    .flatMap((branch) => {
      const version = markedVersion(branch.name)
      return version === undefined || branch.parent !== parent ? [] : [{ ...branch, version }]
    })
    .sort((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt))

/** Those of the database that answers under this host; `parent`: the branch that it is, undefined where the project is another database's. */
export const readRestorePoints = async (
  neon: NeonReader,
  host: string,
): Promise<{ readonly parent: string | undefined; readonly points: readonly RestorePoint[] }> => {
  const [parent, branches] = await Promise.all([neon.branchOf(host), neon.branches()])
  return { parent, points: parent === undefined ? [] : restorePoints(branches, parent) }
}

/** What was written since a restore point is not in it: one that is older is made anew. */
const freshFor = minutes(60)

export const isFresh = ({ createdAt }: NeonBranch, now: Date): boolean => (secondsSince(createdAt, now) ?? 0) * 1000 <= freshFor
