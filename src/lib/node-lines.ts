import { part, type ShellLine, sh, words } from './shell.ts'

/** What a line to be pasted must do about a node. */
export interface SeenNode {
  /** Options without which `ssh ALIAS COMMAND` is refused, or answers through a terminal. */
  readonly options: readonly string[]
  /** Who signs in is root there, on a machine without sudo. */
  readonly lacksSudo: boolean
}

/** Runs a line on a node, over SSH. `flags`: what ssh is given beside what the alias needs. */
export const onNode = (alias: string, line: ShellLine, seen?: SeenNode, flags: readonly string[] = []): ShellLine =>
  sh`ssh ${words([...flags, ...(seen?.options ?? []), alias])} ${line}`

/** A line that root runs: by sudo, where the machine has it. */
export const rooted = (line: ShellLine, seen?: SeenNode): ShellLine => (seen?.lacksSudo ? line : sh`sudo ${part(line)}`)

/** The same as root. */
export const asRootOn = (alias: string, line: ShellLine, seen?: SeenNode, flags: readonly string[] = []): ShellLine =>
  onNode(alias, rooted(line, seen), seen, flags)
