import { onNode, rooted, type SeenNode } from '../../node-lines.ts'
import { part, type ShellLine, sh } from '../../shell.ts'
import type { Resolved } from './resolved.ts'

/** A configuration that runs a command of its own takes none, and one that forces a terminal ends each line with CR. */
export const optionsFor = ({ remoteCommand, forcesTerminal }: Omit<Reached, 'alias'>): readonly string[] => [
  ...(remoteCommand === undefined ? [] : ['-o', 'RemoteCommand=none']),
  ...(forcesTerminal ? ['-o', 'RequestTTY=no'] : []),
]

/** What of a configuration a line to be pasted depends on. */
export type Reached = Pick<Resolved, 'alias' | 'remoteCommand' | 'forcesTerminal'>

/** A line for a node of which nothing was seen but its configuration. */
export const lineTo = (host: Reached, line: ShellLine, flags: readonly string[] = []): ShellLine =>
  onNode(host.alias, line, { options: optionsFor(host), lacksSudo: false }, flags)

/** Shows why ssh does not get in. */
export const tryOut = (host: Reached): ShellLine => lineTo(host, sh`true`, ['-v'])

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
    return onNode(alias, remote, seen?.get(alias), configFile === undefined ? [] : ['-F', configFile])
  }

/** The same as root: by sudo, where the machine has it. */
export const asRoot = (options: SayNodesOptions) => {
  const over = overSsh(options)
  return (alias: string, line: ShellLine): ShellLine => over(alias, rooted(line, options.seen?.get(alias)))
}
