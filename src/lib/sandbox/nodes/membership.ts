import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { snapshotFolder } from './disk-state.ts'
import { databaseFile } from './etcd-commands.ts'
import type { NodeFolder } from './state.ts'

type Machine = Pick<NodeFolder, 'root' | 'read' | 'write' | 'put'>

const textOf = ({ root }: Machine): string => {
  const file = join(root, databaseFile)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

const membersOf = (machine: Machine): readonly string[] => /^members (.*)$/m.exec(textOf(machine))?.[1]?.split(' ').filter(Boolean) ?? []

const setMembers = (machine: Machine, members: readonly string[]): void =>
  machine.put(databaseFile, textOf(machine).replace(/^members .*$/m, `members ${members.join(' ')}`))

/** Whether the others count it as a member. */
export const isCounted = (hostname: string, others: readonly Machine[]): boolean => others.some((one) => membersOf(one).includes(hostname))

/** k3s takes the member of a Node that was deleted out of etcd; what lies on its own disk stays as it was. */
export const leaveEtcd = (hostname: string, others: readonly Machine[]): void => {
  for (const one of others)
    if (isCounted(hostname, [one]))
      setMembers(
        one,
        membersOf(one).filter((name) => name !== hostname),
      )
}

/** A machine that has nothing joins those that are there, under an id of its own. */
export const joinEtcd = (hostname: string, own: Machine, others: readonly Machine[]): void => {
  const [first] = others
  if (first === undefined) return
  for (const one of others) setMembers(one, [...membersOf(one).filter((name) => name !== hostname), hostname])
  own.put(databaseFile, textOf(first))
  own.write('etcd', own.read('etcd').replace(/^id .*/m, `id ${randomBytes(8).toString('hex')}`))
  rmSync(join(own.root, snapshotFolder), { recursive: true, force: true })
}
