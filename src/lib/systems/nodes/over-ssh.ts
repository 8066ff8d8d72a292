import { part, type ShellLine, sh, words } from '../../shell.ts'
import type { Resolved } from './resolved.ts'

/** What a line to be pasted must do about a node. */
export interface SeenNode {
  /** Options without which `ssh ALIAS COMMAND` is refused, or answers through a terminal. */
  readonly options: readonly string[]
  readonly lacksSudo: boolean
}

/** A configuration that runs a command of its own takes none, and one that forces a terminal ends each line with CR. */
export const optionsFor = ({ remoteCommand, forcesTerminal }: Pick<Resolved, 'remoteCommand' | 'forcesTerminal'>): readonly string[] => [
  ...(remoteCommand === undefined ? [] : ['-o', 'RemoteCommand=none']),
  ...(forcesTerminal ? ['-o', 'RequestTTY=no'] : []),
]

/** How ssh is to be called, and what the machine behind each alias calls itself. */
export interface SayNodesOptions {
  readonly configFile?: string
  /** What was seen of each alias by now; a line is said after its node was read. */
  readonly seen?: ReadonlyMap<string, SeenNode>
  readonly hostnames?: ReadonlyMap<string, string>
}

/** The line that runs another one on a node, where the machine is the one that the environment names. */
export const overSsh =
  ({ configFile, hostnames, seen }: SayNodesOptions) =>
  (alias: string, line: ShellLine): ShellLine => {
    const hostname = hostnames?.get(alias)
    const own = hostname?.includes('.') ? sh`hostname | tr A-Z a-z` : sh`hostname | tr A-Z a-z | cut -d. -f1`
    const remote = hostname === undefined ? line : sh`own=$(${part(own)}); test "$own" = ${hostname.toLowerCase()} && ${part(line)}`
    const options = [...(configFile === undefined ? [] : ['-F', configFile]), ...(seen?.get(alias)?.options ?? [])]
    return sh`ssh ${words([...options, alias])} ${remote}`
  }

/** The same as root: by sudo, where the machine has it. */
export const asRoot = (options: SayNodesOptions) => {
  const over = overSsh(options)
  return (alias: string, line: ShellLine): ShellLine => over(alias, options.seen?.get(alias)?.lacksSudo ? line : sh`sudo ${part(line)}`)
}
