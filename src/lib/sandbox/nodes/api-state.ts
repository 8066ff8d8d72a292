import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { databaseFile } from './etcd-commands.ts'
import type { NodeFolder } from './state.ts'

/** An API server answers; k3s runs somewhere, and no etcd of it has a quorum; it runs nowhere. */
export type ApiState = 'serves' | 'no quorum' | 'none'

interface Machine extends Pick<NodeFolder, 'root' | 'read'> {
  readonly up: boolean
}

export const apiState = (machines: readonly Machine[]): ApiState => {
  const running = machines.filter(runsK3s).map((one) => ({ ...databaseOf(one), hostname: one.read('hostname').trim() }))
  if (running.length === 0) return 'none'
  const hasQuorum = running.some(({ cluster, members }) => {
    const there = running.filter((one) => one.cluster === cluster && members.includes(one.hostname))
    return there.length * 2 > members.length
  })
  return hasQuorum ? 'serves' : 'no quorum'
}

const runsK3s = ({ up, read }: Machine): boolean => up && read('services/k3s').trim() === 'active'

const databaseOf = ({ root }: Machine): { readonly cluster?: string; readonly members: readonly string[] } => {
  try {
    const lines = readFileSync(join(root, databaseFile), 'utf8').split('\n')
    const [cluster, members] = ['cluster', 'members'].map((name) =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1),
    )
    return { ...(cluster !== undefined && { cluster }), members: members?.split(' ') ?? [] }
  } catch {
    return { members: [] }
  }
}
